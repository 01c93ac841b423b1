/**
 * Clients that speak before the greeting.
 *
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { chain, on, say } from "postmaster";
import { earlyTalkers } from "postmaster/handlers";
import { Client } from "postmaster/testing";
import { need } from "../need.ts";
import { Running, type Settings, until } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";
import { onlyJoe } from "./policy.ts";

/** A handler that lets the greeting wait until a file is there, so that nothing depends on time. */
const waiting = (go: string) => `
import { on } from "postmaster";
export default on("Greeting", async (_event, next) => {
  const turn = () => new Promise((resolve) => setTimeout(resolve, 10));
  while (!(await Deno.stat(${JSON.stringify(go)}).catch(() => undefined))) await turn();
  for (let i = 0; i < 5; i++) await turn(); // the server reads what came before the file
  return next();
});
`;

/** A server whose greetings wait for the file `go`. */
const serve = (settings: Settings = {}): Promise<Running> =>
  Running.start((directory) => ({
    handlers: [directory.write("waiting.ts", waiting(directory.of("go")))],
    ...settings,
  }));

/** All that comes from a socket until it closes. */
async function everything(socket: Socket): Promise<string> {
  let all = "";
  socket.on("data", (chunk) => all += chunk);
  socket.on("error", () => {});
  await once(socket, "close");
  return all;
}

/** The codes of all replies. */
const codesIn = (text: string): string[] =>
  [...text.matchAll(/^(\d{3}) /gm)].map(([, code]) => code!);

const SESSION = "EHLO c.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<you@example.net>\r\n" +
  "DATA\r\nSubject: early\r\n\r\nhello\r\n.\r\nQUIT\r\n";

Deno.test("whoever speaks before the greeting is logged, and loses nothing", async () => {
  await using server = await serve();
  const socket = connect(server.port, "127.0.0.1");
  const said = everything(socket);
  socket.write(SESSION);
  await server.logs(/ connected /);
  await new Promise((sent) => socket.write("", sent));
  server.directory.write("go", "");
  assert.deepEqual(codesIn(await said), ["220", "250", "250", "250", "354", "250", "221"]);
  await server.logs(
    new RegExp(` info +\\w+ talks early peer=127\\.0\\.0\\.1 octets=${SESSION.length}`),
  );
  assert.match(server.directory.read("mail"), /hello/);
});

Deno.test("a client that leaves before its greeting, or half-closes, ends well", async () => {
  await using server = await serve();
  const leaver = connect(server.port, "127.0.0.1");
  leaver.write("EHLO c.example\r\n");
  await server.logs(/ connected /);
  leaver.resetAndDestroy();
  await server.logs(/ disconnected .*reason="?reset by the client/);
  const halved = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  const said = everything(halved);
  halved.end("EHLO c.example\r\nNOOP\r\n");
  const silent = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  const little = everything(silent);
  silent.end();
  await until(
    "all have come",
    () => server.log.filter((line) => / connected /.test(line)).length === 3,
  );
  server.directory.write("go", "");
  assert.deepEqual(codesIn(await said), ["220", "250", "250"]);
  assert.deepEqual(codesIn(await little), ["220"]);
  assert.equal(await server.stop(), 0);
});

Deno.test("early-talkers refuses those who do not wait, and greets the others late", async () => {
  await using server = await Running.start(() => ({
    handlers: [{ "early-talkers": { delay: "1 s", except: "127.0.0.2" } }],
  }));
  const early = connect(server.port, "127.0.0.1");
  const said = everything(early);
  early.write(SESSION);
  const waits = connect(server.port, "127.0.0.1");
  const start = performance.now();
  assert.match(String((await once(waits, "data"))[0]), /^220 /);
  assert.ok(performance.now() - start > 900);
  const refused = new TextEncoder().encode(await said);
  assert.equal(new TextDecoder().decode(refused), "554 you spoke before the greeting\r\n");
  const line = await server.logs(/ rejected /);
  assert.match(line, /event=TalksEarly code=554 handler=early-talkers/);
  waits.destroy();
  const free = connect({ port: server.port, host: "127.0.0.1", localAddress: "127.0.0.2" });
  const all = everything(free);
  free.write(SESSION);
  assert.deepEqual(codesIn(await all), ["220", "250", "250", "250", "354", "250", "221"]);
});

Deno.test(
  "over TLS from the first octet, only what comes after the handshake is early",
  need("openssl"),
  async () => {
    await using server = await Running.start((directory) => ({
      listen: { address: "127.0.0.1:0", kind: "submissions" },
      tls: selfSigned(directory, ["mx.example.net"]),
      auth: { passwords: { file: directory.write("users", "") } },
      handlers: [{ "early-talkers": { delay: "1 s" } }],
    }));
    const greeted = async (first: string) => {
      const socket = connectTls({
        port: server.port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
      });
      await once(socket, "secureConnect");
      socket.write(first);
      const [chunk] = await once(socket, "data");
      socket.destroy();
      return String(chunk).slice(0, 3);
    };
    assert.deepEqual(await Promise.all([greeted(""), greeted("EHLO c.example\r\n")]), [
      "220",
      "554",
    ]);
  },
);

Deno.test("a PROXY header is no early talk, and what comes with it from the client is", async () => {
  await using server = await Running.start(() => ({
    listen: { address: "127.0.0.1:0", proxy: ["127.0.0.1"] },
    handlers: [{ "early-talkers": { delay: "1 s" } }],
  }));
  const greeted = async (first: string) => {
    const socket = connect(server.port, "127.0.0.1");
    socket.write(`PROXY TCP4 192.0.2.9 127.0.0.1 1234 25\r\n${first}`);
    const [chunk] = await once(socket, "data");
    socket.destroy();
    return String(chunk).slice(0, 3);
  };
  assert.deepEqual(await Promise.all([greeted(""), greeted("EHLO c.example\r\n")]), ["220", "554"]);
  await server.logs(/ talks early peer=192\.0\.2\.9 octets=16/);
});

Deno.test("handlers see an early talker once, and only a client that is greeted", async () => {
  const seen: string[] = [];
  const greeting = Promise.withResolvers<void>();
  const late = (reply = say(2, 2, 0, "hello")) =>
    on(["Greeting", "TalksEarly"], async ({ type }, next) => {
      seen.push(type);
      if (type !== "Greeting") return next();
      await greeting.promise;
      return reply;
    });
  using welcome = Client.of(chain(late(), onlyJoe));
  using banned = Client.of(late(say(5, 5, 4, "go away") as never));
  for (const client of [welcome, banned]) client.send("NOOP\r\nNOOP\r\n");
  greeting.resolve();
  const codes = [await welcome.reply(), await welcome.reply(), await welcome.reply()];
  assert.deepEqual(codes.map(({ code }) => code), [220, 250, 250]);
  assert.equal((await banned.reply()).code, 554);
  assert.equal(await banned.line(), undefined);
  assert.deepEqual(seen, ["Greeting", "Greeting", "TalksEarly"]);
});

Deno.test("the delay of the greeting ends when the client goes away", async () => {
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  const watch = on("Greeting", async (_event, next) => {
    const reply = await next();
    resolve();
    return reply;
  });
  const client = Client.of(chain(watch, earlyTalkers({ delay: "50 s" })));
  client.send("EHLO");
  client.hangUp();
  await answered; // a timer that were left would fail the test, too
});
