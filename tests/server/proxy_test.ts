/**
 * Connections that come by a proxy: the PROXY protocol, with the program from outside.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { need } from "../need.ts";
import { binary, LOCAL, ON_UNIX, v1, v2 } from "../net/proxy_headers.ts";
import { type Directory, Running, type Settings, until } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";

const PROXIED = { address: "127.0.0.1:0", proxy: ["127.0.0.0/8"] };

/** A server behind proxies on this machine. */
const serve = (settings: Settings | ((directory: Directory) => Settings) = {}) =>
  Running.start((directory) => ({
    listen: PROXIED,
    ...typeof settings === "function" ? settings(directory) : settings,
  }));

/** A proxy that has connected, and says only what it is told. */
class Proxy implements Disposable {
  readonly socket: Socket;
  heard = "";
  closed = false;

  constructor(port: number, ...first: readonly (Uint8Array | string)[]) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk: Uint8Array) => this.heard += Buffer.from(chunk).toString());
    this.socket.on("close", () => this.closed = true);
    if (first.length > 0) this.send(...first);
  }

  /** Sends all of it in one piece. */
  send(...all: readonly (Uint8Array | string)[]): void {
    this.socket.write(Buffer.concat(all.map((one) => Buffer.from(one as string))));
  }

  /** Waits until this was heard. */
  hears(pattern: RegExp): Promise<unknown> {
    return until(() => `the proxy hears ${pattern} and not ${this.heard}`, () => {
      return pattern.test(this.heard);
    });
  }

  ends(): Promise<unknown> {
    return until("the connection ends", () => this.closed);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

const MAIL = [
  ...["EHLO client.example", "MAIL FROM:<ann@example.org>", "RCPT TO:<you@example.net>", "DATA"],
  ...["Subject: hello", "", "hello", ".", "QUIT", ""],
].join("\r\n");

Deno.test("the client that a header names is the client everywhere, and nothing is said before", async () => {
  await using server = await serve();
  for (
    const [header, client, port] of [
      [v1("TCP4", "192.0.2.7", 4711), "192.0.2.7", 4711],
      [v1("TCP6", "2001:db8::7", 4712), "2001:db8::7", 4712],
      [v2("192.0.2.8", 4713), "192.0.2.8", 4713],
      [v2("0:0:0:0:0:ffff:c000:209", 4714, new Array(65_000).fill(4)), "192.0.2.9", 4714],
    ] as const
  ) {
    using proxy = new Proxy(server.port, header.subarray(0, -1));
    await once(proxy.socket, "connect");
    assert.equal(proxy.heard, "");
    proxy.send(header.subarray(-1), MAIL); // early talk, all of it
    await proxy.hears(/^220 .*\r\n250-[^]*\r\n354 .*\r\n250 .*\r\n221 .*\r\n$/);
    await proxy.ends();
    const literal = client.includes(":") ? `IPv6:${client}` : client;
    const mail = server.directory.read("mail");
    assert.ok(mail.includes(`[${literal}]`), mail);
    const [connected] = server.log.filter((line) => line.includes(`port=${port}`));
    assert.match(
      connected!,
      new RegExp(` connected peer=\\S+ port=${port} via=127.0.0.1 `),
    );
    assert.ok(connected!.includes(client), connected);
    await server.logs(new RegExp(`received .*peer="?${client}"? .*code=250`));
  }
});

Deno.test("a header may come octet by octet, and the first command with its end", async () => {
  await using server = await serve();
  for (const header of [v1("TCP4", "192.0.2.7", 4711), v2("192.0.2.7", 4712)]) {
    using proxy = new Proxy(server.port);
    for (const octet of header.subarray(0, -1)) {
      await new Promise((written) => proxy.socket.write(Uint8Array.of(octet), written));
    }
    proxy.send(header.subarray(-1), "EHLO a.example\r\nNO");
    await proxy.hears(/^220 .*\r\n(250-.*\r\n)+250 .*\r\n$/);
    proxy.send("OP\r\n", header, "\r\nQUIT\r\n");
    await proxy.hears(/250 2\.0\.0 ok\r\n(500 .*\r\n)*421 4\.5\.0 /); // a second header is no command
  }
});

Deno.test("who is no proxy, or brings no header, is not greeted, and the log says how to mend that", async () => {
  await using server = await serve(() => ({
    listen: [{ address: "127.0.0.1:0", proxy: ["192.0.2.0/24"] }, PROXIED],
    limits: { "handshake-timeout": "1 s" },
  }));
  const [strangers, proxies] = server.addresses.map((one) => Number(one.split(":")[1]));
  for (
    const [port, said, why] of [
      [
        strangers,
        v1("TCP4", "192.0.2.7", 1),
        /warning proxy refused peer=127\.0\.0\.1 .*add it there/,
      ],
      [proxies, "EHLO client.example\r\n", /begins without a header .*send-proxy/],
      [proxies, v1("TCP4", "192.0.2.7", 1).subarray(1), /begins without a header/],
      [proxies, "PROXY TCP4 192.0.2.7 1.1.1.1 0 066\r\n", /an address or a port in the header/],
      [proxies, binary(0x21, 0x11, [1, 2, 3]), /shorter than its addresses/],
      [proxies, v2("192.0.2.7", 1).subarray(0, 20), /no header .* came in time/],
      [proxies, "", /no header .* came in time/],
    ] as const
  ) {
    const before = server.log.length;
    using proxy = new Proxy(port!, said);
    await proxy.ends();
    await until(() => `${why} in ${server.log.slice(before).join("\n")}`, () => {
      return server.log.slice(before).some((line) => why.test(line));
    });
    assert.equal(proxy.heard, "");
  }
  assert.deepEqual(server.log.filter((line) => / connected /.test(line)), []);
});

Deno.test("a proxy that looks after the server's health is served as itself, and is no cause for a warning", async () => {
  await using server = await serve({ limits: { "connections-per-address": 1 } });
  for (const header of [LOCAL, ON_UNIX, "PROXY UNKNOWN\r\n", v1("TCP4", "127.0.0.9", 5)]) {
    using proxy = new Proxy(server.port, header, "QUIT\r\n");
    await proxy.hears(/^220 [^]*\r\n221 /);
    await server.logs(/ \w+ connected peer=127\.0\.0\.1 .*via=127\.0\.0\.1/);
  }
  const ends: readonly ((socket: Socket) => void)[] = [
    (socket) => socket.end(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end(LOCAL),
    (socket) => socket.write(LOCAL, () => socket.resetAndDestroy()),
    (socket) => socket.end(v1("TCP4", "192.0.2.7", 1)),
  ];
  for (const end of ends) {
    using proxy = new Proxy(server.port);
    await once(proxy.socket, "connect");
    end(proxy.socket);
    await proxy.ends();
  }
  const lines = (event: string) => server.log.filter((line) => line.includes(` ${event} `)).length;
  await until("all sessions have ended", () => lines("disconnected") >= 6);
  assert.equal(await server.stop(), 0);
  assert.equal(lines("connected"), lines("disconnected"));
  assert.deepEqual(server.log.filter((line) => / (warning|error) /.test(line)), []);
});

Deno.test("the limit for each address counts clients and not proxies, and all that wait count together", async () => {
  await using server = await serve({ limits: { "connections-per-address": 2, connections: 4 } });
  const all: Proxy[] = [];
  const come = (...said: readonly (Uint8Array | string)[]) => {
    all.push(new Proxy(server.port, ...said));
    return all.at(-1)!;
  };
  for (let n = 0; n < 2; n++) await come(v2("192.0.2.7", n)).hears(/^220 /);
  await come(v2("192.0.2.7", 3)).hears(/^421 4\.7\.0 too many connections from your address/);
  await come(v2("192.0.2.8", 4)).hears(/^220 /);
  const waiting = come();
  await once(waiting.socket, "connect");
  const refused = come(); // the fifth, and nobody knows whose it is
  await refused.ends();
  assert.equal(refused.heard, "");
  await server.logs(/refused more connections=1/);
  waiting.send(v2("192.0.2.8", 5));
  await waiting.hears(/^220 /);
  for (const proxy of all) proxy[Symbol.dispose]();
});

/** A proxy that puts a header before what its clients send: in one piece with it, or octet by octet. */
async function forwarder(to: number, header: Uint8Array, together: boolean) {
  const server = createServer((client) => {
    client.on("error", () => {});
    client.once("data", async (first: Uint8Array) => {
      client.pause();
      const socket = connect({ port: to, host: "127.0.0.1", noDelay: true });
      socket.on("error", () => {});
      for (const octet of together ? [] : header) {
        await new Promise((written) => socket.write(Uint8Array.of(octet), written));
      }
      socket.write(Buffer.concat([together ? header : new Uint8Array(), first]));
      client.pipe(socket).pipe(client);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => server.close() };
}

for (const names of [["a.example"], ["a.example", "b.example"]]) {
  Deno.test(
    `a header comes before TLS, in one piece with it or not, with certificates for ${names}`,
    need("openssl"),
    async () => {
      await using server = await serve((directory) => ({
        listen: [{ ...PROXIED, kind: "submissions" }, PROXIED],
        tls: { certificates: names.map((name) => ({ ...selfSigned(directory, [name]) })) },
        auth: { passwords: { file: directory.write("passwords", "") } },
      }));
      const [tls, clear] = server.addresses.map((one) => Number(one.split(":")[1]));
      const options = { host: "127.0.0.1", servername: names.at(-1)!, rejectUnauthorized: false };
      for (const [n, together] of [[1, true], [2, false], [3, true], [4, false]] as const) {
        using proxy = await forwarder(tls!, v2("192.0.2.7", n), together);
        const secure = connectTls({ ...options, port: proxy.port });
        const [greeting] = await once(secure, "data");
        assert.match(String(greeting), /^220 /);
        assert.equal(secure.getPeerCertificate().subject.CN, names.at(-1));
        await server.logs(new RegExp(` connected peer=192.0.2.7 port=${n}`));
        secure.destroy();
      }
      using proxy = new Proxy(clear!, v2("192.0.2.9", 1), "EHLO a.example\r\nSTARTTLS\r\n");
      await proxy.hears(/220 2\.0\.0 ready/);
      proxy.socket.removeAllListeners("data");
      const secure = connectTls({ ...options, socket: proxy.socket });
      await once(secure, "secureConnect");
      await server.logs(/ encrypted peer=192\.0\.2\.9 /);
      secure.destroy();
    },
  );
}

Deno.test("a Unix socket takes headers from those whom its permissions let in", async () => {
  await using server = await serve((directory) => ({
    listen: { address: `unix:${directory.of("socket")}`, proxy: ["unix"] },
  }));
  const socket = connect(server.directory.of("socket"));
  socket.write(Buffer.concat([v1("TCP4", "192.0.2.7", 4711), Buffer.from("NOOP\r\n")]));
  await once(socket, "data");
  await server.logs(/ \w+ connected peer=192\.0\.2\.7 port=4711 via=unix /);
  socket.destroy();
});
