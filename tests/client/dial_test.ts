import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { Network } from "../../src/base/ip.ts";
import { DialFailure, type Dialled, dialler, type DialOptions } from "../../src/client/dial.ts";
import { type Hop, parseHop, printHop } from "../../src/client/hop.ts";
import { isListening } from "../../src/net/own_addresses.ts";
import { FakeDns } from "../../src/testing/fake_dns.ts";
import { Directory } from "../running.ts";
import { freePort } from "../ports.ts";

const LOOPBACK = ["127.0.0.0/8", "::1"].map(Network.parse);

/** A server that greets each client with the client's address. */
class Greeter implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as { readonly port: number } | string as { port: number }).port;
  }

  static async on(where: { host: string; port?: number } | { path: string }): Promise<Greeter> {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end(`${socket.remoteAddress}\n`);
    });
    await new Promise<void>((resolve) =>
      server.listen("path" in where ? where : { port: 0, ...where }, resolve)
    );
    return new Greeter(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const dial = (hop: Hop, options: Partial<DialOptions> = {}): Promise<Dialled> =>
  dialler({
    ...{ dns: new FakeDns(), allow: LOOPBACK, isOwn: () => false, timeout: 5000 },
    ...options,
  })(hop, new AbortController().signal);

/** The first line that comes, and the address that was connected to. */
async function heard({ socket, address }: Dialled): Promise<readonly [string, string]> {
  const [line] = await new Promise<string[]>((resolve) => {
    socket.once("data", (data) => resolve(String(data).split("\n")));
  });
  socket.destroy();
  return [address, line!];
}

const failureOf = async (dialled: Promise<Dialled>): Promise<DialFailure> => {
  const error = await dialled.then(({ socket }) => socket.destroy(), (error) => error);
  assert.ok(error instanceof DialFailure, String(error));
  return error;
};

const at = (host: string, port: number, more: Partial<Hop> = {}): Hop => ({
  ...{ scheme: "smtp" as const, host, port },
  ...more,
});

Deno.test("IPv6 comes first, and where it is dead IPv4 is reached at once", async () => {
  await using four = await Greeter.on({ host: "127.0.0.1" });
  const dns = new FakeDns({ "mx.example": { A: ["127.0.0.1"], AAAA: ["::1"] } });
  assert.deepEqual(await heard(await dial(at("mx.example", four.port), { dns })), [
    "127.0.0.1",
    "127.0.0.1",
  ]);
  await using _six = await Greeter.on({ host: "::1", port: four.port });
  const [address] = await heard(await dial(at("mx.example", four.port), { dns }));
  assert.equal(address, "::1");
});

Deno.test("an address that never answers holds another one up for a quarter of a second", async () => {
  await using alive = await Greeter.on({ host: "127.0.0.1" });
  const listener = Deno.listen({ hostname: "127.0.0.9", port: alive.port });
  const full = await fill("127.0.0.9", alive.port);
  try {
    const dns = new FakeDns({ "mx.example": { A: ["127.0.0.9", "127.0.0.1"] } });
    const options = { dns, random: () => 0 };
    const [address] = await heard(await dial(at("mx.example", alive.port), options));
    assert.equal(address, "127.0.0.1");
    const only = at("127.0.0.9", alive.port);
    const { message, permanent } = await failureOf(dial(only, { timeout: 300 }));
    assert.match(
      message,
      /^no connection to 127\.0\.0\.9:\d+: 127\.0\.0\.9 does not answer in 300 ms$/,
    );
    assert.equal(permanent, false);
  } finally {
    for (const socket of full) socket.close();
    listener.close();
  }
});

/** Fills the backlog of a listener that accepts nobody, until it answers no more. */
async function fill(hostname: string, port: number): Promise<Deno.Conn[]> {
  const open: Deno.Conn[] = [];
  for (;;) {
    const connecting = Deno.connect({ hostname, port });
    const timer = new Promise<undefined>((resolve) => setTimeout(resolve, 100, undefined));
    const socket = await Promise.race([connecting, timer]);
    if (socket === undefined) {
      connecting.then((late) => late.close(), () => {});
      return open;
    }
    open.push(socket);
  }
}

Deno.test("a failure names each address, and says why", async () => {
  const port = freePort();
  const dns = new FakeDns({ "mx.example": { A: ["127.0.0.1", "127.0.0.2"], AAAA: ["::1"] } });
  const { message } = await failureOf(dial(at("mx.example", port), { dns }));
  for (const address of ["127.0.0.1", "127.0.0.2", "::1"]) {
    assert.ok(message.includes(`${address} refuses connections`), message);
  }
});

Deno.test("addresses that are not public are for servers that the configuration names", async () => {
  await using server = await Greeter.on({ host: "127.0.0.1" });
  const dns = new FakeDns({
    "mx.example": { A: ["127.0.0.1", "10.0.0.1"], AAAA: ["::1", "::ffff:127.0.0.1"] },
  });
  const hop = at("mx.example", server.port);
  const { message, permanent } = await failureOf(dial(hop, { dns, allow: [] }));
  assert.match(message, /^no mail is sent to the addresses of mx\.example: /);
  assert.match(message, /127\.0\.0\.1 is a loopback address/);
  assert.match(message, /10\.0\.0\.1 is a private address/);
  assert.equal(permanent, false);
  await heard(await dial({ ...hop, isNamed: true }, { dns, allow: [] }));
});

Deno.test("a server does not connect to itself, whatever is allowed", async () => {
  await using server = await Greeter.on({ host: "127.0.0.1" });
  const listening = [{ address: "::", port: server.port }];
  const isOwn = (address: string, port: number) => isListening(listening, address, port);
  const { message } = await failureOf(dial(at("127.0.0.1", server.port), { isOwn }));
  assert.match(message, /127\.0\.0\.1 is that of this server itself/);
  assert.equal(isListening(listening, "::1", server.port), true);
  assert.equal(isListening(listening, "198.51.100.1", server.port), false);
  assert.equal(isListening([{ address: "127.0.0.2", port: 25 }], "127.0.0.1", 25), false);
});

Deno.test("a connection comes from the own address of its family, and from no other family", async () => {
  await using server = await Greeter.on({ host: "127.0.0.1" });
  const dns = new FakeDns({ "mx.example": { A: ["127.0.0.1"], AAAA: ["::1"] } });
  const from = (source: readonly string[]) =>
    dial(at("mx.example", server.port, { source }), { dns });
  assert.deepEqual(await heard(await from(["127.0.0.5"])), ["127.0.0.1", "127.0.0.5"]);
  const { message } = await failureOf(from(["203.0.113.9"]));
  assert.match(message, /from 203\.0\.113\.9: this machine has no such address$/);
  assert.ok(!message.includes("::1"), message);
  const foreign = dial(at("127.0.0.1", server.port, { source: ["::1"] }));
  assert.match((await failureOf(foreign)).message, /no address of the family of .* ::1/);
});

Deno.test("only a name that does not exist is so for ever", async () => {
  const dns = new FakeDns({
    "empty.example": { MX: [{ exchange: "", priority: 0 }] },
    "sick.example": "ESERVFAIL",
  });
  const of = (host: string) => failureOf(dial(at(host, 25), { dns }));
  const missing = await of("none.example");
  assert.deepEqual([missing.message, missing.permanent], ["none.example does not exist", true]);
  assert.match((await of("empty.example")).message, /has no address/);
  const sick = await of("sick.example");
  assert.match(sick.message, /addresses of sick\.example are unknown now: .*ESERVFAIL/);
  assert.equal(sick.permanent, false);
});

Deno.test("that there is no address for the own one does not mean that there is none", async () => {
  const dns = new FakeDns({
    "six.example": { AAAA: ["2001:db8::1"] },
    "sick.example": "ESERVFAIL",
  });
  const of = (host: string) => failureOf(dial(at(host, 25, { source: ["192.0.2.1"] }), { dns }));
  const six = await of("six.example");
  assert.match(six.message, /six\.example has no address of the family of the own address/);
  assert.equal(six.permanent, false);
  assert.equal((await of("none.example")).permanent, true);
  assert.equal((await of("sick.example")).permanent, false);
});

Deno.test("a name that only the system knows is found for servers that the configuration names", async () => {
  await using server = await Greeter.on({ host: "127.0.0.1" });
  await heard(await dial(at("localhost", server.port, { isNamed: true })));
  assert.equal((await failureOf(dial(at("localhost", server.port)))).permanent, true);
});

Deno.test("Unix sockets are connected to by their paths", async () => {
  using directory = new Directory();
  const path = `${directory.path}/lmtp`;
  const hop = parseHop(`lmtp:unix:${path}`);
  assert.match(
    (await failureOf(dial({ ...hop, isNamed: true }))).message,
    /^no connection to the socket: .*lmtp does not exist$/,
  );
  await using _server = await Greeter.on({ path });
  const [address] = await heard(await dial({ ...hop, isNamed: true }));
  assert.equal(address, path);
  assert.match((await failureOf(dial(hop))).message, /which the configuration does not name/);
});

Deno.test("nobody waits for a connection that is given up", async () => {
  const gone = new AbortController();
  gone.abort();
  const options = { dns: new FakeDns(), allow: LOOPBACK, isOwn: () => false, timeout: 5000 };
  await failureOf(dialler(options)(at("127.0.0.1", 9), gone.signal));
});

Deno.test("servers are written as URLs", () => {
  for (
    const [written, printed] of [
      ["smtp://Relay.example.net", "smtp://relay.example.net:25"],
      ["smtps://[2001:db8::1]/", "smtps://[2001:db8::1]:465"],
      ["lmtp://192.0.2.1:2424", "lmtp://192.0.2.1:2424"],
      ["unix:/run/lmtp", "lmtp:unix:/run/lmtp"],
      ["smtp:unix:/run/smtp", "smtp:unix:/run/smtp"],
    ]
  ) assert.equal(printHop(parseHop(written!)), printed);
  for (const wrong of ["relay.example.net", "smtp://a/b", "smtp://a:0", "smtps:unix:/x"]) {
    assert.throws(() => parseHop(wrong), TypeError, wrong);
  }
});
