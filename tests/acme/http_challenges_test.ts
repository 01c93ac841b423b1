/**
 * The server for the pages of HTTP-01: what it answers, and that nobody can keep it busy.
 *
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { HttpChallenges } from "../../src/acme/http_challenges.ts";
import { parseListen } from "../../src/net/address.ts";
import { Listener } from "../../src/net/listener.ts";
import { until } from "../running.ts";

const CHALLENGE = { domain: "a.example", name: "tok-en_1", value: "tok-en_1.thumb" };
const PAGE = "/.well-known/acme-challenge/tok-en_1";

async function serving() {
  const listener = await Listener.open(parseListen("127.0.0.1:0"));
  const challenges = new HttpChallenges(listener, () => {});
  const port = Number(listener.name.split(":").at(-1));
  const open = async () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  };
  return { challenges, open, [Symbol.dispose]: () => listener.close() };
}

/** Everything that comes until the other side closes. */
async function rest(socket: Socket): Promise<string> {
  let heard = "";
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => heard += text);
  await once(socket, "close");
  return heard;
}

Deno.test("a page is there from add() to remove(), and nothing else ever is", async () => {
  using server = await serving();
  const ask = async (...pieces: string[]) => {
    const socket = await server.open();
    const heard = rest(socket);
    for (const piece of pieces) socket.write(piece);
    return (await heard).replace(/^HTTP\/1\.1 (\d+)[^]*\r\n\r\n/, "$1 ").trimEnd();
  };
  const get = (path: string) => ask(`GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
  const nothing = (status: number) => `${status} There is nothing here.`;
  assert.equal(await get(PAGE), nothing(404));
  await server.challenges.add(CHALLENGE);
  assert.equal(await get(PAGE), `200 ${CHALLENGE.value}`);
  assert.equal(await ask("GET ", PAGE, " HTTP/1.0\r", "\n\r\n"), `200 ${CHALLENGE.value}`);
  for (const path of ["/", `${PAGE}/`, `/x/..${PAGE}`, "/.well-known/acme-challenge/", "//"]) {
    assert.equal(await get(path), nothing(404), path);
  }
  assert.equal(await ask(`POST ${PAGE} HTTP/1.1\r\n\r\n`), nothing(405));
  assert.equal(await ask("EHLO a.example\r\n\r\n"), nothing(400));
  assert.equal(await ask(`GET /${"x".repeat(9000)}`), nothing(431));
  await server.challenges.remove(CHALLENGE);
  assert.equal(await get(PAGE), nothing(404));
});

Deno.test("whoever is slow does not keep others out: the first of fifty clients has to go", async () => {
  using server = await serving();
  await server.challenges.add(CHALLENGE);
  const silent = await Promise.all(Array.from({ length: 200 }, server.open));
  const open = () => silent.filter((socket) => !socket.destroyed);
  for (const socket of silent) socket.resume();
  const socket = await server.open();
  socket.write(`GET ${PAGE} HTTP/1.1\r\n\r\n`);
  assert.ok((await rest(socket)).endsWith(CHALLENGE.value));
  await until("the first have to go", () => open().length === 49);
  for (const [i, one] of open().entries()) i % 2 ? one.destroy() : one.resetAndDestroy();
});
