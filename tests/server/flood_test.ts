import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Running, sendMail, until } from "../running.ts";

/** The usual limit of a process: connections which are refused and stay would take all of it. */
const USUAL = "ulimit -n 1024 && ulimit -Hn 1024";

/** Clients that connect all at once, read, and never hang up. */
class Flood implements Disposable {
  readonly #sockets: readonly Socket[];
  readonly #codes: number[] = [];

  constructor(count: number, host: string, port: number) {
    this.#sockets = Array.from({ length: count }, () => {
      const socket = connect({ host, port, allowHalfOpen: true });
      socket.on("error", () => {});
      socket.once("data", (greeting) => this.#codes.push(Number(String(greeting).slice(0, 3))));
      return socket;
    });
  }

  /** How many were greeted with this code. */
  greeted(code: number): number {
    return this.#codes.filter((each) => each === code).length;
  }

  async all(): Promise<void> {
    const whole = () => `all are answered, and not ${this.#codes.length}`;
    await until(whole, () => this.#codes.length === this.#sockets.length);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

Deno.test("3000 connections at once leave a full server its descriptors, and each is told why it is refused", async () => {
  await using server = await Running.start(() => ({ limits: { connections: 5 } }), {
    before: USUAL,
  });
  const flood = new Flood(3000, "127.0.0.1", server.port);
  await flood.all();
  assert.deepEqual([flood.greeted(220), flood.greeted(421)], [5, 2995]);
  flood[Symbol.dispose]();
  await until("their places are free", () => {
    return server.log.filter((line) => / disconnected /.test(line)).length >= 5;
  });
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
  await server.logs(/ warning refused more connections=\d+$/);
  assert.deepEqual(server.log.filter((line) => /listener failed/.test(line)), []);
});

const outside = Deno.networkInterfaces()
  .find(({ family, address }) => family === "IPv4" && !address.startsWith("127."))?.address;

Deno.test({
  name: "while one address makes 3000 connections at once, others are served",
  ignore: outside === undefined,
  async fn() {
    await using server = await Running.start(() => ({
      listen: ["127.0.0.1:0", `${outside}:0`],
      limits: { "connections-per-address": 5 },
    }), { before: USUAL });
    const port = Number(server.addresses[1]!.split(":")[1]);
    using flood = new Flood(3000, outside!, port);
    const all = flood.all();
    for (let n = 0; n < 5; n++) {
      using client = await server.connect();
      assert.equal(await sendMail(client), 250);
    }
    await all;
    assert.deepEqual([flood.greeted(220), flood.greeted(421)], [5, 2995]);
    assert.deepEqual(server.log.filter((line) => /listener failed/.test(line)), []);
  },
});

Deno.test("a refused client that talks before it listens reads why", async () => {
  await using server = await Running.start(() => ({ limits: { connections: 1 } }));
  using _only = await server.connect();
  const socket = connect(server.port, "127.0.0.1");
  socket.write("EHLO client.example.org\r\n".repeat(100));
  const [reply] = await once(socket, "data");
  assert.equal(String(reply), "421 4.3.2 too many connections, try again later\r\n");
  await once(socket, "close");
});
