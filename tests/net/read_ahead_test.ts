/**
 * Reading ahead: one reader after the other, and nothing lost between them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type Enough, readAhead } from "../../src/net/read_ahead.ts";

/** Reads a line, puts the rest back, and calls `then` with the line. */
function readLine(socket: Socket, then: (line: string) => void): void {
  let seen = "";
  const take = (octets: Uint8Array): Enough | undefined => {
    seen += new TextDecoder().decode(octets);
    const end = seen.indexOf("\n") + 1;
    if (end === 0) return undefined;
    const rest = new TextEncoder().encode(seen.slice(end));
    return { rest, then: () => then(seen.slice(0, end)) };
  };
  readAhead(socket, take, () => then(`lost after ${JSON.stringify(seen)}`));
}

Deno.test("each reader of a connection gets what the one before has left", async () => {
  const heard: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    readLine(socket, (first) =>
      readLine(socket, (second) => {
        heard.push(first + second);
        socket.on("data", (rest) => {
          heard.push(rest.toString());
          socket.destroy();
        });
        socket.on("close", () => heard.length === 2 * COUNT && resolve());
        socket.resume();
      }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const COUNT = 200;
  for (let i = 0; i < COUNT; i++) {
    const client = connect({ port, host: "127.0.0.1", noDelay: true });
    for (const octets of i % 2 === 0 ? ["one\ntwo\nrest"] : ["o", "ne\n", "two\n", "rest"]) {
      await new Promise((written) => client.write(octets, written));
    }
  }
  await promise;
  server.close();
  assert.deepEqual(new Set(heard), new Set(["one\ntwo\n", "rest"]));
});

Deno.test("a connection that ends before there is enough is told of once", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const server = createServer((socket) => readLine(socket, resolve));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  connect((server.address() as AddressInfo).port, "127.0.0.1").end("one");
  assert.equal(await promise, 'lost after "one"');
  server.close();
});
