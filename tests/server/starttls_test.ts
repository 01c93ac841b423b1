/**
 * STARTTLS, with the program from outside and real clients.
 *
 * @module
 */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { once } from "node:events";
import { need } from "../need.ts";
import { runClient as run } from "../clients.ts";
import { type Directory, Running, type Settings, until } from "../running.ts";
import type { KeyFiles } from "../../src/tls/key_pair.ts";
import { ofClient, selfSigned } from "../tls/openssl.ts";

const NAME = "mx.example.net";

/** A server whose certificate is one for its name, or what `settings` makes of it. */
const serve = (
  settings: (directory: Directory, files: Settings) => Settings = (_directory, tls) => ({ tls }),
) => Running.start((directory) => settings(directory, { ...selfSigned(directory, [NAME]) }));

const PYTHON = `
import smtplib, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
client = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
client._host = "${NAME}"
client.starttls(context=context)
client.sendmail("ann@example.org", "you@example.net", "Subject: hello\\r\\n\\r\\nby python\\r\\n")
client.quit()
`;

Deno.test(
  "mail comes over TLS from clients that others wrote",
  need("openssl", "swaks", "curl", "python3"),
  async () => {
    let certificate = "";
    await using server = await serve((_directory, tls) => {
      certificate = String((tls as { certificate: string }).certificate);
      return { tls };
    });
    const at = `127.0.0.1:${server.port}`;
    const people = ["ann@example.org", "you@example.net"] as const;
    await run("swaks", ["--server", at, "--from", people[0], "--to", people[1], "--tls"]);
    const mail = ["--mail-from", people[0], "--mail-rcpt", people[1], "--upload-file", "-"];
    const trusted = ["--ssl-reqd", "--cacert", certificate];
    const place = [
      "--connect-to",
      `${NAME}:${server.port}:${at}`,
      `smtp://${NAME}:${server.port}/x`,
    ];
    await run(
      "curl",
      ["--silent", "--crlf", ...trusted, ...mail, ...place],
      "Subject: curl\n\nhi\n",
    );
    await run("python3", ["-c", PYTHON, String(server.port), certificate]);
    const arrived = server.directory.read("mail");
    assert.equal(arrived.match(/with ESMTPS id/g)?.length, 3, arrived);
    assert.equal(arrived.match(/\ttls TLS_[A-Z0-9_]+;/g)?.length, 3, arrived);
    await server.logs(/ encrypted .*protocol=TLSv1\.3 cipher=TLS_\w+ serverName=mx\.example\.net/);
  },
);

/** A client that has said EHLO and STARTTLS, and what was put behind it. */
async function started(port: number, behind = "") {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  let heard = "";
  const listen = (chunk: Uint8Array) => void (heard += new TextDecoder().decode(chunk));
  socket.on("data", listen);
  socket.write(`EHLO a.example\r\nSTARTTLS\r\n${behind}`);
  await until("the server is ready", () => heard.includes("220 2.0.0 ready to start TLS\r\n"));
  socket.off("data", listen);
  return { socket, heard: () => heard };
}

/** The same over TLS from here on. */
async function encrypted(port: number, options: ConnectionOptions = {}, behind?: string) {
  const { socket: clear, heard: clearly } = await started(port, behind);
  const socket = connectTls({
    socket: clear,
    servername: NAME,
    rejectUnauthorized: false,
    ...options,
  });
  await once(socket, "secureConnect");
  let heard = "";
  socket.on("data", (chunk: Uint8Array) => void (heard += new TextDecoder().decode(chunk)));
  socket.on("error", () => {});
  return { socket, clearly, heard: () => heard };
}

const say = async (
  client: { socket: TLSSocket; heard: () => string },
  line: string,
  reply: RegExp,
) => {
  const before = client.heard().length;
  client.socket.write(`${line}\r\n`);
  return await until(
    () => `${line} is answered by ${reply}, not ${client.heard()}`,
    () => reply.exec(client.heard().slice(before)) ?? undefined,
  );
};

Deno.test(
  "what came in clear behind STARTTLS is not obeyed, and the session begins anew",
  need("openssl"),
  async () => {
    await using server = await serve();
    const client = await encrypted(server.port, {}, "RSET\r\nEHLO injected.example\r\n");
    assert.doesNotMatch(client.clearly(), /250 2\.0\.0 ok/);
    await say(client, "MAIL FROM:<>", /^503 5\.5\.1 say HELO or EHLO first\r\n/);
    const [ehlo] = await say(client, "EHLO b.example", /^250-[^]*\r\n250 .*\r\n/);
    assert.doesNotMatch(ehlo, /STARTTLS/);
    await say(client, "STARTTLS", /^502 5\.5\.1 /);
    await say(client, "QUIT", /^221 /);
  },
);

Deno.test(
  "STARTTLS takes no parameters, and has no place before EHLO or in a transaction",
  need("openssl"),
  async () => {
    await using server = await serve();
    using client = await server.connect();
    const reply = async (line: string) => (await client.command(line)).code;
    assert.equal(await reply("STARTTLS"), 503);
    const { lines } = await client.command("EHLO a.example");
    assert.ok(lines.includes("STARTTLS"));
    assert.equal(await reply("STARTTLS now"), 501);
    assert.equal(await reply("MAIL FROM:<>"), 250);
    assert.equal(await reply("STARTTLS"), 503);
  },
);

Deno.test("without certificates STARTTLS is neither offered nor taken", async () => {
  await using server = await Running.start();
  using client = await server.connect();
  const { lines } = await client.command("EHLO a.example");
  assert.ok(!lines.includes("STARTTLS"));
  assert.equal((await client.command("STARTTLS")).code, 502);
});

Deno.test(
  "a handshake that fails is explained in the log, and the next client is served",
  need("openssl"),
  async () => {
    await using server = await serve();
    const { socket } = await started(server.port);
    socket.write("EHLO in.clear\r\n");
    await once(socket, "close");
    await server.logs(/disconnected .*"no TLS: the client sent something else than TLS"/);
    for (const end of ["end", "resetAndDestroy"] as const) {
      (await started(server.port)).socket[end]();
    }
    const next = await encrypted(server.port);
    await say(next, "EHLO b.example", /^250-[^]*\r\n250 .*\r\n/);
    next.socket.destroy();
  },
);

Deno.test(
  "a client that does not make its handshake in time is dropped",
  need("openssl"),
  async () => {
    await using server = await serve((_directory, tls) => ({
      tls,
      limits: { "handshake-timeout": "1 s" },
    }));
    const { socket } = await started(server.port);
    await once(socket, "close");
    await server.logs(/disconnected /);
  },
);

Deno.test(
  "new certificates are used as soon as both files are there",
  need("openssl"),
  async () => {
    await using server = await serve();
    const { directory } = server;
    const old = await encrypted(server.port);
    const next = selfSigned(directory, ["new.example"]);
    const names = { certificate: `${NAME} cert.pem`, key: `${NAME} key.pem` };
    Deno.copyFileSync(next.certificate, directory.of(names.certificate));
    const between = await encrypted(server.port);
    assert.equal(between.socket.getPeerCertificate().subject.CN, NAME);
    await server.logs(/warning doubtful certificate .*the old one stays in use/);
    Deno.copyFileSync(next.key, directory.of(names.key));
    const fresh = await encrypted(server.port);
    assert.equal(fresh.socket.getPeerCertificate().subject.CN, "new.example");
    await say(old, "EHLO b.example", /^250-[^]*\r\n250 .*\r\n/);
    for (const { socket } of [old, between, fresh]) socket.destroy();
  },
);

Deno.test(
  "handlers see the certificate of a client, and whether it is trusted",
  need("openssl"),
  async () => {
    let joe = { certificate: "", key: "", authority: "" };
    let eve = joe;
    await using server = await serve((directory, tls) => {
      [joe, eve] = [ofClient(directory, "joe"), ofClient(directory, "eve")];
      directory.write(
        "policy.ts",
        `import { on, say } from "postmaster";
export default on("SayOK", (_event, _next, { tls }) =>
  say(2, 5, 0, \`\${tls?.protocol} \${tls?.peer?.subject} \${tls?.peer?.trusted}\`));
`,
      );
      const clients = { "client-certificates": "request", "client-ca": joe.authority };
      return { tls: { ...tls, ...clients }, handlers: ["./policy.ts"] };
    });
    const shown = async (options: ConnectionOptions) => {
      const client = await encrypted(server.port, options);
      const [, text] = await say(client, "NOOP", /^250 2\.0\.0 (.*)\r\n/);
      client.socket.destroy();
      return text;
    };
    const identity = ({ certificate, key }: typeof joe) => ({
      cert: Deno.readTextFileSync(certificate),
      key: Deno.readTextFileSync(key),
    });
    assert.equal(await shown(identity(joe)), "TLSv1.3 CN=joe true");
    assert.equal(await shown(identity(eve)), "TLSv1.3 CN=eve false");
    assert.equal(await shown({ maxVersion: "TLSv1.2" }), "TLSv1.2 undefined undefined");
  },
);

Deno.test(
  "a certificate that is not trusted is not trusted when the client resumes its session either",
  need("openssl"),
  async () => {
    let [joe, eve] = [{ certificate: "", key: "", authority: "" }, { certificate: "", key: "" }];
    await using server = await serve((directory, tls) => {
      [joe, eve] = [ofClient(directory, "joe"), ofClient(directory, "eve")];
      const policy = `import { on, say } from "postmaster";
export default on("SayOK", (_event, _next, { tls }) =>
  say(2, 5, 0, \`\${tls?.peer?.subject} \${tls?.peer?.trusted}\`));
`;
      const clients = { "client-certificates": "request", "client-ca": joe.authority };
      return { tls: { ...tls, ...clients }, handlers: [directory.write("policy.ts", policy)] };
    });
    const session = server.directory.of("session");
    const talk = async ({ certificate, key }: KeyFiles, ...args: string[]) => {
      const identity = ["-cert", certificate, "-key", key, "-servername", NAME];
      const place = ["-connect", `127.0.0.1:${server.port}`, "-starttls", "smtp"];
      const all = ["s_client", ...place, ...identity, "-crlf", "-ign_eof", ...args];
      const said = await run("openssl", all, "NOOP\nQUIT\n");
      return [/^(New|Reused),/m.exec(said)?.[1], /250 2\.0\.0 (CN=.*?)\r?$/m.exec(said)?.[1]];
    };
    for (const version of ["-tls1_2", "-tls1_3"]) {
      for (const [who, shown] of [[joe, "CN=joe true"], [eve, "CN=eve false"]] as const) {
        assert.deepEqual(await talk(who, version, "-sess_out", session), ["New", shown]);
        assert.deepEqual(await talk(who, version, "-sess_in", session), ["Reused", shown]);
      }
    }
  },
);

Deno.test(
  "a server that stops says nothing in clear to a client in its handshake",
  need("openssl"),
  async () => {
    await using server = await serve((_directory, tls) => ({
      tls,
      limits: { "shutdown-timeout": "1 s" },
    }));
    const { socket } = await started(server.port);
    let more = "";
    socket.on("data", (chunk: Uint8Array) => void (more += new TextDecoder().decode(chunk)));
    const [code] = await Promise.all([server.stop(), once(socket, "close")]);
    assert.deepEqual([code, more], [0, ""]);
  },
);

/** What a client sends first that knows TLS 1.0 only: no extensions, and the cipher TLS_RSA_WITH_AES_128_CBC_SHA. */
const TLS_1_0 = Uint8Array.of(
  ...[22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 1],
  ...Array(32).fill(7),
  ...[0, 0, 2, 0, 47, 1, 0],
);

Deno.test(
  "a listener of kind submissions encrypts before it greets, and refuses clear text",
  need("openssl"),
  async () => {
    await using server = await serve((directory, tls) => ({
      tls: { ...tls, certificates: [selfSigned(directory, ["b.example.org"])] },
      auth: {},
      listen: ["127.0.0.1:0", { address: "127.0.0.1:0", kind: "submissions" }],
      handlers: [
        directory.write(
          "policy.ts",
          `import { on, say } from "postmaster";
export default on("SayOK", (_event, _next, { listener }) => say(2, 5, 0, listener.kind));
`,
        ),
      ],
    }));
    const [plain, port] = server.addresses.map((address) => Number(address.split(":").at(-1)));
    const at = { host: "127.0.0.1", port: port!, servername: NAME, rejectUnauthorized: false };
    const socket = connectTls(at);
    let heard = "";
    socket.on("data", (chunk: Uint8Array) => void (heard += new TextDecoder().decode(chunk)));
    await once(socket, "secureConnect");
    const client = { socket, heard: () => heard };
    await until("the client is greeted", () => /^220 mx\.example\.net ESMTP/.test(heard));
    const [ehlo] = await say(client, "EHLO b.example", /^250-[^]*\r\n250 .*\r\n/);
    assert.doesNotMatch(ehlo, /STARTTLS/);
    await say(client, "NOOP", /^250 .*submissions\r\n/);
    socket.destroy();
    const other = connectTls({ ...at, servername: "b.example.org" });
    await once(other, "secureConnect");
    assert.equal(other.getPeerCertificate().subject.CN, "b.example.org");
    other.destroy();

    const clear = connect(port!, "127.0.0.1");
    let unencrypted = "";
    clear.on("data", (chunk) => void (unencrypted += new TextDecoder().decode(chunk)));
    clear.write("EHLO in.clear\r\n");
    await once(clear, "close");
    assert.doesNotMatch(unencrypted, /220|250|421/);
    await server.logs(/disconnected .*"no TLS: the client sent something else than TLS"/);
    const old = connect(port!, "127.0.0.1");
    old.write(TLS_1_0);
    await once(old.resume(), "close");
    await server.logs(/disconnected .*"no TLS: the client speaks no version of TLS that/);
    using smtp = await server.connect(`127.0.0.1:${plain}`);
    assert.match((await smtp.command("NOOP")).lines[0]!, /smtp/);
  },
);
