/**
 * AUTH, with the program from outside and real clients.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, X509Certificate } from "node:crypto";
import { ScramClient, type ScramClientOptions } from "../auth/scram_client.ts";
import { need } from "../need.ts";
import { Directory, Running, type Settings } from "../running.ts";
import { on, say } from "postmaster";
import { ask, Client } from "postmaster/testing";
import { runClient } from "../clients.ts";
import { selfSigned } from "../tls/openssl.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { userLine } from "../../src/auth/edit.ts";

const PASSWORD = "correct horse";

/** A server with a user joe, on listeners of each kind. */
async function serve(
  { mechanisms, ...settings }: Settings = {},
  told: (certificate: string) => void = () => {},
): Promise<Running> {
  using hashes = new Hashes();
  const line = await userLine("joe", PASSWORD, hashes);
  return await Running.start((directory) => {
    const tls = { ...selfSigned(directory, ["mx.example.net"]) };
    told(tls.certificate);
    const passwords = { file: directory.write("passwords", `${line}\n`) };
    return {
      listen: (["submission", "submissions", "smtp"] as const).map((kind) => ({
        address: "127.0.0.1:0",
        kind,
      })),
      tls,
      auth: { passwords, guesses: { delay: 0 }, ...mechanisms === undefined ? {} : { mechanisms } },
      log: { level: "trace" },
      ...settings,
    };
  });
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** What swaks says to a server, without giving up at a refusal. */
const swaks = (server: Running, listener: number, ...args: string[]) =>
  runClient(
    "swaks",
    [
      "--server",
      server.addresses[listener]!,
      "--from",
      "joe@example.net",
      "--to",
      "you@example.net",
    ]
      .concat(args),
  );

Deno.test(
  "users have their mail sent over STARTTLS and over implicit TLS, with each mechanism of swaks",
  need("openssl", "swaks"),
  async () => {
    await using server = await serve();
    const login = ["--auth-user", "joe", "--auth-password", PASSWORD];
    for (const [listener, flag] of [[0, "--tls"], [1, "--tls-on-connect"]] as const) {
      for (const mechanism of ["PLAIN", "LOGIN"]) {
        const said = await swaks(server, listener, flag, "--auth", mechanism, ...login);
        assert.match(said, /235 2\.7\.0 authentication succeeded[^]*250 2\.0\.0 /);
      }
    }
    const mail = server.directory.read("mail");
    assert.equal(mail.match(/with ESMTPSA id/g)?.length, 4);
    await server.logs(/authenticated peer=127\.0\.0\.1 .*user=joe mechanism=LOGIN/);
    const secrets = [PASSWORD, base64(PASSWORD), base64(`\0joe\0${PASSWORD}`)];
    for (const secret of secrets) assert.ok(!server.log.join("\n").includes(secret), secret);
  },
);

Deno.test(
  "without a user nothing is sent, and AUTH is neither offered nor taken in clear text",
  need("openssl", "swaks"),
  async () => {
    await using server = await serve();
    using client = await server.connect();
    const { lines } = await client.command("EHLO a.example");
    assert.ok(!lines.some((line) => line.startsWith("AUTH")), lines.join());
    assert.equal((await client.command("MAIL FROM:<joe@example.net>")).code, 530);
    const secret = base64(`\0joe\0${PASSWORD}`);
    assert.equal((await client.command(`AUTH PLAIN ${secret}`)).code, 502);
    using plain = await server.connect(server.addresses[2]);
    assert.ok(!(await plain.command("EHLO a.example")).lines.join().includes("AUTH"));
    assert.equal((await plain.command("MAIL FROM:<joe@example.net>")).code, 250);
    assert.ok(!server.log.join("\n").includes(secret));
  },
);

/** A client at the listener `submissions` that has said EHLO. */
async function greeted(
  server: Running,
  offer = "AUTH PLAIN LOGIN SCRAM-SHA-256",
): Promise<Client> {
  const client = await server.connect(server.addresses[1], {
    servername: "mx.example.net",
    rejectUnauthorized: false,
  });
  const { lines } = await client.command("EHLO a.example");
  assert.ok(lines.includes(offer), lines.join());
  return client;
}

const RIGHT = base64(`\0joe\0${PASSWORD}`);

Deno.test("AUTH is refused, cancelled and repeated by the standard", need("openssl"), async () => {
  await using server = await serve();
  using client = await greeted(server);
  const replies: [line: string, code: number, enhanced?: string][] = [
    ["AUTH", 501, "5.5.4"],
    ["AUTH GSSAPI", 504, "5.5.4"],
    ["AUTH PLAIN", 334],
    ["*", 501, "5.7.0"],
    ["AUTH PLAIN", 334],
    ["no base64", 501, "5.5.2"],
    ["AUTH PLAIN =", 501, "5.5.2"],
    [`AUTH PLAIN ${base64("\0joe\0wrong")}`, 535, "5.7.8"],
    [`AUTH PLAIN ${base64(`eve\0joe\0${PASSWORD}`)}`, 535, "5.7.8"],
    [`AUTH PLAIN ${base64("\0eve\0x")}`, 421, "4.7.0"],
  ];
  for (const [line, code, enhanced] of replies) {
    const reply = await client.command(line);
    assert.deepEqual([reply.code, reply.enhanced], [code, enhanced], line);
  }
  using other = await greeted(server);
  assert.equal((await other.command("AUTH login")).lines[0], base64("Username:"));
  assert.equal((await other.command(base64("joe"))).lines[0], base64("Password:"));
  assert.equal((await other.command(base64(PASSWORD))).code, 235);
  assert.equal((await other.command(`AUTH PLAIN ${RIGHT}`)).code, 503);
  assert.equal((await other.command("MAIL FROM:<joe@example.net> AUTH=joe+3Dx")).code, 250);
  assert.equal((await other.command("RSET")).code, 250);
  assert.equal((await other.command("MAIL FROM:<joe@example.net> AUTH=+ZZ")).code, 501);
  assert.equal((await other.command("MAIL FROM:<joe@example.net> AUTH=<>")).code, 250);
  assert.equal((await other.command(`AUTH PLAIN ${RIGHT}`)).code, 503);
});

Deno.test(
  "a handler decides on a password, and sees no more of it in a log than others do",
  need("openssl"),
  async () => {
    const policy = `import { authenticated, on } from "postmaster";
export default on("Authenticate", (event, next, session) => {
  session.log(\`asked \${event.password}\`, { event: JSON.stringify(event) });
  if (event.user === "ann" && event.password?.equals("her own")) return authenticated("ann");
  return next();
});`;
    const directory = new Directory();
    await using server = await serve({ handlers: [directory.write("policy.ts", policy)] });
    using client = await greeted(server);
    assert.equal((await client.command(`AUTH PLAIN ${base64("\0ann\0wrong")}`)).code, 535);
    assert.equal((await client.command(`AUTH PLAIN ${base64("\0ann\0her own")}`)).code, 235);
    await server.logs(/authenticated .*user=ann/);
    await server.logs(/asked \(secret\)/);
    assert.ok(!server.log.join("\n").includes("her own"));
    assert.ok(server.log.some((line) => /rejected .*user=ann mechanism=PLAIN/.test(line)));
  },
);

Deno.test("a handler that breaks, or accepts nobody in particular, accepts nobody", async () => {
  const question = { type: "Authenticate", mechanism: "PLAIN", user: "joe" } as const;
  const throws = on("Authenticate", () => {
    throw new Error("broken");
  });
  // deno-lint-ignore no-explicit-any -- the types forbid it
  const nobody = on("Authenticate", (() => say(2, 3, 5, "come in")) as any);
  for (const broken of [throws, nobody]) {
    const reply = await ask(broken, question);
    assert.equal(reply.code, 451);
    assert.equal(reply.user, undefined);
  }
});

Deno.test("no handler accepts the MAIL of a stranger at a listener for users", async () => {
  const policy = on("NeedAuthFirst", () => say(2, 5, 0, "come in"));
  using client = Client.of(policy, { kind: "submission" });
  await client.reply();
  await client.command("EHLO client.example");
  for (const command of ["MAIL FROM:<joe@example.net>", "VRFY joe"]) {
    assert.equal((await client.command(command)).code, 451);
  }
});

const plain = (text: string) => Buffer.from(text, "base64").toString();

Deno.test(
  "SCRAM proves both ends to each other, and -PLUS ties them to the server's certificate",
  need("openssl"),
  async () => {
    const mechanisms = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"] as const;
    let certificate = "";
    await using server = await serve({ mechanisms }, (file) => certificate = file);
    const { raw } = new X509Certificate(Deno.readTextFileSync(certificate));
    const binding = createHash("sha256").update(raw).digest();
    const right = { hash: "sha256", user: "joe", password: PASSWORD } as const;
    const bound = { ...right, header: "p=tls-server-end-point,,", binding };
    const unbound = { ...right, header: "n,,", binding: new Uint8Array() };
    const exchange = async (name: string, options: ScramClientOptions) => {
      using client = await greeted(server, "AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256");
      const scram = new ScramClient(options);
      const [challenge] = (await client.command(`AUTH ${name} ${base64(scram.first)}`)).lines;
      const last = await client.command(base64(await scram.last(plain(challenge!))));
      if (last.code !== 334) return last.code;
      assert.equal(plain(last.lines[0]!), scram.serverProof);
      return (await client.command("")).code;
    };
    assert.equal(await exchange("SCRAM-SHA-256-PLUS", bound), 235);
    assert.equal(await exchange("SCRAM-SHA-256", unbound), 235);
    assert.equal(await exchange("SCRAM-SHA-256", { ...unbound, password: "wrong" }), 535);
    const elsewhere = { ...bound, binding: new Uint8Array(32) };
    assert.equal(await exchange("SCRAM-SHA-256-PLUS", elsewhere), 535);
  },
);
