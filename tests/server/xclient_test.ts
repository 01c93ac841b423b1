/**
 * Servers that speak for their clients: XCLIENT and XFORWARD, with the program from outside.
 *
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import tls from "node:tls";
import { Client } from "postmaster/testing";
import { parseListen } from "../../src/net/address.ts";
import { need } from "../need.ts";
import { codes, Running, sendMail, type Settings } from "../running.ts";
import { ofClient, selfSigned } from "../tls/openssl.ts";

const TRUSTED = { address: "127.0.0.1:0", xclient: ["127.0.0.1"] };

/** Says what handlers see, and refuses some. */
const POLICY = `
import { chain, on, say, variable } from "postmaster";
const seen = variable("session", "seen", () => 0);
export default chain(
  on("Greeting", (_event, next, session) => {
    if (session.peer.address === "192.0.2.66") return say(5, 5, 4, "not you");
    session.tick(seen);
    return next();
  }),
  on("SayEhlo", ({ name }, next) => name === "liar" ? say(5, 5, 0, "no such name") : next()),
  on("SetClient", ({ client }, next) => client.name === "nobody" ? say(5, 5, 0, "no") : next()),
  on("SayOK", (_event, _next, session) => {
    const { peer, user, helo, named, forwarded, tls, transaction } = session;
    const all = { peer, user, helo, named, forwarded, seen: session.get(seen) };
    return say(2, 5, 0, JSON.stringify({ ...all, tls: tls?.peer?.subject, mail: transaction?.id }));
  }),
);
`;

const serve = (...listen: readonly Settings[]) =>
  Running.start((directory) => ({
    listen,
    handlers: [directory.write("policy.ts", POLICY)],
    limits: { "connections-per-address": 2 },
  }));

/** What handlers see of a session. */
async function seen(client: Client): Promise<Record<string, unknown>> {
  return JSON.parse((await client.command("NOOP")).lines[0]!);
}

/** The attributes that are offered. */
async function offered(client: Client): Promise<string[]> {
  const { lines } = await client.command("EHLO filter.example.net");
  return lines.filter((line) => /^X/.test(line));
}

Deno.test("the client that a server names takes its place, and nothing of the server is left", async () => {
  await using server = await serve(TRUSTED);
  using client = await server.connect();
  assert.deepEqual(await offered(client), [
    "XCLIENT NAME ADDR PORT PROTO HELO DESTADDR DESTPORT REVERSE_NAME",
    "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
  ]);
  await client.command("XFORWARD ADDR=198.51.100.1");
  const { code, lines } = await client.command(
    "XCLIENT NAME=spike.example.org ADDR=192.0.2.7 PORT=4711 LOGIN=joe",
  );
  assert.deepEqual([code, lines], [220, ["mx.example.net ESMTP Postmaster"]]);
  assert.deepEqual(await seen(client), {
    ...{ peer: { address: "192.0.2.7", port: 4711 }, named: true, seen: 1 }, // LOGIN is not allowed
  });
  assert.equal((await client.command("MAIL FROM:<a@example.org>")).code, 503);
  assert.deepEqual(await offered(client), []);
  assert.deepEqual(
    await codes(client, "XCLIENT ADDR=192.0.2.8", "XFORWARD ADDR=192.0.2.8", "xclient LOGIN=a"),
    [502, 502, 502],
  );
  assert.equal(await sendMail(client), 250);
  assert.match(
    server.directory.read("mail"),
    /^Received: from client\.example\.org \(\[192\.0\.2\.7\]\)/m,
  );
  await server.logs(
    / client named peer=192\.0\.2\.7 port=4711 via=127\.0\.0\.1 listener=\S+ name=spike\.example\.org/,
  );
  await server.logs(/ received peer=192\.0\.2\.7 .*code=250/);
});

Deno.test("strangers are not offered XCLIENT, nor is anybody at another listener", async () => {
  await using server = await serve(
    { ...TRUSTED, xclient: ["192.0.2.0/24"] },
    { address: "127.0.0.1:0" },
  );
  for (const [i, code] of [502, 500].entries()) {
    using client = await server.connect(server.addresses[i]);
    assert.deepEqual(await offered(client), []);
    assert.deepEqual(
      await codes(client, "XCLIENT ADDR=192.0.2.7", "XFORWARD ADDR=192.0.2.7"),
      [code, code],
    );
    assert.equal((await seen(client)).named, false);
  }
});

Deno.test("a HELO that another server has heard counts, if no handler refuses it", async () => {
  await using server = await serve(TRUSTED);
  for (
    const [said, code, helo] of [
      ["PROTO=ESMTP HELO=spike.example.org", 220, { name: "spike.example.org", extended: true }],
      ["proto=smtp helo=spike.example.org", 220, { name: "spike.example.org", extended: false }],
      ["HELO=liar", 550, undefined],
      ["HELO=[UNAVAILABLE] PROTO=SMTP", 220, undefined],
    ] as const
  ) {
    using client = await server.connect();
    assert.equal((await client.command(`XCLIENT ADDR=192.0.2.7 ${said}`)).code, code);
    assert.deepEqual((await seen(client)).helo, helo);
    const mail = (await client.command("MAIL FROM:<a@example.org>")).code;
    assert.equal(mail, helo === undefined ? 503 : 250);
  }
});

Deno.test("handlers may refuse a client, and what names it wrongly changes nothing", async () => {
  await using server = await serve(TRUSTED);
  using client = await server.connect();
  const wrong = ["ADDR=1.2.3", "PORT=0", "HELO", "SHOE=44", "", "NAME=nobody ADDR=192.0.2.7"];
  const all = await codes(client, ...wrong.map((one) => `XCLIENT ${one}`));
  assert.deepEqual(all, [501, 501, 501, 501, 501, 550]);
  const { peer, named } = await seen(client) as { peer: { address: string }; named: boolean };
  assert.deepEqual([peer.address, named], ["127.0.0.1", false]);
  await codes(client, "EHLO a.example", "MAIL FROM:<a@example.org>");
  assert.deepEqual(await codes(client, "XCLIENT ADDR=192.0.2.7", "RSET"), [503, 250]);
  assert.equal((await client.command("XCLIENT ADDR=192.0.2.66 HELO=a.example")).code, 554);
  assert.equal(await client.line(), undefined, "the session has ended");
});

Deno.test("a loopback address, or none, is the server that says so", async () => {
  await using server = await serve(TRUSTED);
  for (const said of ["ADDR=127.0.0.9", "ADDR=[UNAVAILABLE] PORT=9", "ADDR=::1", "NAME=a"]) {
    using client = await server.connect();
    assert.equal((await client.command(`XCLIENT ${said}`)).code, 220);
    const { peer } = await seen(client) as { peer: { address: string; port: number } };
    assert.equal(peer.address, "127.0.0.1");
    assert.notEqual(peer.port, 9);
  }
});

Deno.test("connections count for the clients that are named, and a client too many is refused", async () => {
  await using server = await serve(TRUSTED);
  const name = async (address: string) => {
    const client = await server.connect();
    return { client, reply: await client.command(`XCLIENT ADDR=${address}`) };
  };
  const all = [await name("192.0.2.7"), await name("192.0.2.7"), await name("192.0.2.8")];
  assert.deepEqual(all.map(({ reply }) => reply.code), [220, 220, 220]);
  const { client, reply } = await name("192.0.2.7");
  assert.deepEqual([reply.code, await client.line()], [421, undefined]);
  all[0]!.client[Symbol.dispose]();
  await server.logs(/ disconnected peer=192\.0\.2\.7 reason="closed by the client"/);
  const again = await name("192.0.2.7");
  assert.equal(again.reply.code, 220);
  for (const { client } of [...all, again]) client[Symbol.dispose]();
});

Deno.test("LOGIN counts where that is allowed, for the client that is named and no other", async () => {
  await using server = await serve({ ...TRUSTED, "xclient-login": true });
  for (const [login, user] of [["joe+40example.net", "joe@example.net"], ["", undefined]]) {
    using client = await server.connect();
    assert.match((await offered(client))[0]!, /^XCLIENT NAME ADDR PORT PROTO HELO LOGIN /);
    await client.command(`XCLIENT ADDR=192.0.2.7 LOGIN=${login}`);
    assert.equal((await seen(client)).user, user);
  }
});

Deno.test("behind a proxy, it is the client that the proxy names who may name others", async () => {
  await using server = await serve({ ...TRUSTED, proxy: ["127.0.0.1"], xclient: ["10.0.0.0/8"] });
  for (
    const [address, code] of [["10.0.0.5", 220], ["192.0.2.7", 502], ["127.0.0.1", 502]] as const
  ) {
    using client = await Client.connect(parseListen(server.addresses[0]!));
    client.send(`PROXY TCP4 ${address} 127.0.0.1 4711 25\r\n`);
    await client.reply();
    assert.equal((await client.command("XCLIENT ADDR=192.0.2.9")).code, code);
  }
});

Deno.test("what XFORWARD says is for handlers and the log, until the transaction ends", async () => {
  await using server = await serve(TRUSTED);
  using client = await server.connect();
  const said = [
    "NAME=spike.example.org ADDR=192.0.2.7",
    "PORT=4711 PROTO=ESMTP HELO=spike SOURCE=REMOTE",
  ];
  await client.command("EHLO filter.example.net");
  assert.deepEqual(await codes(client, ...said.map((one) => `XFORWARD ${one}`)), [250, 250]);
  const forwarded = {
    ...{ name: "spike.example.org", address: "192.0.2.7", port: 4711 },
    ...{ protocol: "ESMTP", helo: "spike", source: "REMOTE" },
  };
  const before = await seen(client);
  assert.deepEqual(before.forwarded, forwarded);
  assert.deepEqual([(before.peer as { address: string }).address, before.named], [
    "127.0.0.1",
    false,
  ]);
  await codes(client, "MAIL FROM:<a@example.org>", "RCPT TO:<you@example.net>");
  assert.deepEqual((await seen(client)).forwarded, forwarded);
  assert.deepEqual(await codes(client, "XFORWARD ADDR=192.0.2.8", "DATA", "\r\nhello\r\n."), [
    503,
    354,
    250,
  ]);
  await server.logs(
    / received peer=127\.0\.0\.1 .*forwardedName=spike\.example\.org forwardedAddress=192\.0\.2\.7 forwardedPort=4711/,
  );
  assert.equal((await seen(client)).forwarded, undefined);
});

/** A server to which a filter shows a certificate, and what the filter needs for that. */
async function serveWithCertificates(kind: "smtp" | "submissions") {
  let certificate = { certificate: "", key: "", authority: "" };
  const server = await Running.start((directory) => {
    certificate = ofClient(directory, "filter");
    return {
      listen: { ...TRUSTED, kind },
      handlers: [directory.write("policy.ts", POLICY)],
      tls: {
        ...selfSigned(directory, ["mx.example.net"]),
        "client-certificates": "request",
        "client-ca": certificate.authority,
      },
      auth: { external: { subjects: { "CN=filter": "joe" } } },
    };
  });
  const shown = {
    rejectUnauthorized: false,
    cert: Deno.readTextFileSync(certificate.certificate),
    key: Deno.readTextFileSync(certificate.key),
  };
  return { server, shown };
}

Deno.test(
  "a certificate is not that of the client whom its owner names",
  need("openssl"),
  async () => {
    const { server, shown } = await serveWithCertificates("submissions");
    await using _server = server;
    using client = await Client.connect(parseListen(server.addresses[0]!), shown);
    await client.reply();
    assert.match(String((await seen(client)).tls), /CN=filter/);
    await client.command("XCLIENT ADDR=192.0.2.7");
    assert.equal((await seen(client)).tls, undefined);
    const { lines } = await client.command("EHLO a.example");
    assert.deepEqual(lines.filter((line) => /AUTH.*EXTERNAL/.test(line)), []);
  },
);

Deno.test(
  "nor is one that is shown after XCLIENT, by STARTTLS",
  need("openssl"),
  async () => {
    const { server, shown } = await serveWithCertificates("smtp");
    await using _server = server;
    const socket = connect(server.port, "127.0.0.1");
    for (const line of ["XCLIENT ADDR=192.0.2.7", "EHLO a.example", "STARTTLS"]) {
      await once(socket, "data");
      socket.write(`${line}\r\n`);
    }
    await once(socket, "data");
    const secured = tls.connect({ ...shown, socket });
    secured.write("NOOP\r\n");
    const [reply] = await once(secured, "data");
    assert.match(String(reply), /^250 .*"address":"192\.0\.2\.7"/);
    assert.doesNotMatch(String(reply), /CN=filter/);
    secured.destroy();
  },
);
