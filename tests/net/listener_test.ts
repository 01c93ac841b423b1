import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { parseListen } from "../../src/net/address.ts";
import { needRoot } from "../need.ts";
import { Listener } from "../../src/net/listener.ts";
import { readProxyHeader } from "../../src/net/read_proxy_header.ts";
import { v2 } from "./proxy_headers.ts";

for (const text of ["127.0.0.1:0", "[::1]:0", "*:0", "unix"]) {
  Deno.test(`Listener on ${text} leaves a listener that accepts alone`, async () => {
    const directory = await Deno.makeTempDir();
    const address = parseListen(text === "unix" ? `unix:${directory}/socket` : text);
    const sockets: Socket[] = [];
    const failures: string[] = [];
    const listener = await Listener.open(address);
    listener.serve({
      accepted: (socket) => sockets.push(socket.resume()),
      failed: (_name, error) => failures.push(error),
    });
    await listener.revive();
    assert.deepEqual([sockets.length, failures], [1, []]);
    for (const socket of sockets) socket.destroy();
    listener.close();
    await Deno.remove(directory, { recursive: true });
  });
}

Deno.test("Listener.revive() opens a listener again that is dead", async () => {
  const directory = await Deno.makeTempDir();
  const failures: string[] = [];
  const listener = await Listener.open(parseListen(`unix:${directory}/socket`));
  listener.serve({
    accepted: (socket) => socket.end("alive"),
    failed: (_name, error) => failures.push(error),
  });
  await Deno.remove(`${directory}/socket`); // nobody can connect any more
  await listener.revive();
  assert.match(failures.join(), /opened again/);
  const [data] = await once(connect(`${directory}/socket`), "data");
  assert.equal(String(data), "alive");
  listener.close();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("Listener.serve() hands over those who came before it, with what they said", async () => {
  const listener = await Listener.open(parseListen("127.0.0.1:0"));
  const port = Number(listener.name.split(":").at(-1));
  const [gone, patient] = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
  await Promise.all([once(gone, "connect"), once(patient, "connect")]);
  gone.resetAndDestroy();
  patient.write("hello");
  const served = Promise.withResolvers<string>();
  listener.serve({
    accepted: (socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => served.resolve(String(data)));
      socket.on("data", () => socket.destroy());
    },
    failed: (_name, error) => served.reject(new Error(error)),
  });
  assert.equal(await served.promise, "hello");
  await once(patient, "close");
  listener.close();
});

Deno.test("the header of a proxy that came before Listener.serve() is read, and what follows it is kept", async () => {
  const listener = await Listener.open(parseListen("127.0.0.1:0"));
  const proxy = connect(Number(listener.name.split(":").at(-1)), "127.0.0.1");
  await once(proxy, "connect");
  proxy.write(Buffer.concat([v2("192.0.2.7", 4711), Buffer.from("hello")]));
  const heard = Promise.withResolvers<unknown>();
  listener.serve({
    accepted: (socket) =>
      readProxyHeader(socket, {
        come: ({ client }) => {
          socket.on("data", (data) => heard.resolve({ client, data: String(data) }));
          socket.resume();
        },
        failed: heard.reject,
      }),
    failed: (_name, error) => heard.reject(new Error(error)),
  });
  const client = { address: "192.0.2.7", port: 4711 };
  assert.deepEqual(await heard.promise, { client, data: "hello" });
  proxy.destroy();
  listener.close();
});

Deno.test("Listener holds only so many of those who come before it serves", async () => {
  const listener = await Listener.open(parseListen("127.0.0.1:0"));
  const port = Number(listener.name.split(":").at(-1));
  const enough = Promise.withResolvers<void>();
  let closed = 0;
  const clients = Array.from({ length: 300 }, () => connect(port, "127.0.0.1").resume());
  for (const client of clients) {
    client.on("error", () => {}).on("close", () => ++closed === 100 && enough.resolve());
  }
  await enough.promise;
  const served: Socket[] = [];
  listener.serve({ accepted: (socket) => served.push(socket), failed: () => {} });
  assert.equal(served.length, 200);
  for (const socket of [...served, ...clients]) socket.destroy();
  listener.close();
});

Deno.test({
  name: "Listener.open() refuses LMTP on port 25, and leaves the port free",
  ...needRoot(),
  async fn() {
    const address = parseListen("127.0.0.25:25");
    await assert.rejects(Listener.open(address, "lmtp"), /127\.0\.0\.25:25: LMTP is never spoken/);
    (await Listener.open(address)).close();
  },
});
