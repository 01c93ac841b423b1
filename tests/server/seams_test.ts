/**
 * What an extension can be: a made-up one with an EHLO line that depends on the session, a parameter, commands, an
 * command of several lines and a connection that becomes another one, with real sockets.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { chain, discard, on, type Route, say } from "postmaster";
import { Client, ENCRYPTED } from "postmaster/testing";
import { Connection, type ConnectionEngine } from "../../src/server/connection.ts";
import { type Extension, Extensions } from "../../src/server/extension.ts";
import type { Challenge } from "../../src/server/rule.ts";
import { engineOf } from "../../src/testing/dialogue_of.ts";
import type { SessionSetup } from "../../src/testing/session_of.ts";
import { keeping } from "../../src/testing/outbox.ts";
import { codes, until } from "../running.ts";

const question = (text: string, answer: Challenge["answer"]): Challenge => ({
  text,
  octets: 2000,
  answer,
});
const text = (line: Uint8Array) => new TextDecoder().decode(line);

const ABOUT = { rfc: [], where: "to all", seen: "nothing", test: "server/seams_test.ts" };

/** Colours for recipients; two questions whose answers are a secret; and what can be encrypted once. */
const PAINT: Extension = {
  about: { ...ABOUT, name: "XPAINT" },
  line: ({ tls }) => tls === undefined ? "XPAINT CLEAR" : `XPAINT ${tls.protocol}`,
  parameters: {
    RCPT: {
      XCOLOUR: {
        octets: 20,
        read: (text) =>
          text === "red" ? text : { code: 504, enhanced: "5.5.4", reason: "only red" },
      },
    },
  },
  commands: {
    XPAINT: {
      help: "XPAINT word",
      legalAt: ["greeted"],
      octets: 100,
      event: (argument) =>
        argument === ""
          ? { code: 501, enhanced: "5.5.4", reason: "XPAINT wants a word" }
          : { type: "SayOK", argument },
    },
    XASK: {
      help: "XASK word",
      legalAt: ["greeted"],
      event: () =>
        question(
          "name?",
          (name) =>
            question("word?", (word) =>
              text(word) === "*"
                ? { code: 501, enhanced: "5.7.0", reason: "given up" }
                : { type: "SayOK", argument: `${text(name)} ${text(word).length}` }),
        ),
    },
  },
};
const SECURE: Extension = {
  about: { ...ABOUT, name: "XSECURE" },
  line: ({ tls }) => tls === undefined ? "XSECURE" : undefined,
  commands: {
    XSECURE: {
      help: "XSECURE word",
      legalAt: ["greeted"],
      event: () => ({ type: "SayOK", argument: "secure" }),
      after: () => ({ at: "securing" }),
    },
  },
};

/** A server with these extensions, until the end of the test; `log` is all that it has logged. */
async function serving(
  secure?: ConnectionEngine["secure"],
  setup: SessionSetup = {},
): Promise<{ port: number; log: string[]; routes: readonly Route[]; [Symbol.dispose](): void }> {
  const log: string[] = [];
  const seen: Route[] = [];
  const note = (event: string, fields: object) => void log.push(event + JSON.stringify(fields));
  const policy = chain(
    on("SayOK", ({ argument }) => say(2, 5, 0, `heard ${argument.slice(0, 100)}`)),
    on("AddRcptTo", () => discard()),
    on("Deliver", (event, next) => (seen.push(...event.routes), next())),
  );
  const server = createServer((socket: Socket) => {
    const { engine, session } = engineOf(policy, {
      ...setup,
      log: Object.assign(note, { wants: () => true }),
      clock: {
        get now() {
          return performance.now();
        },
      },
      targets: keeping([]),
      extensions: new Extensions([PAINT, SECURE]),
    });
    const ticking = setInterval(() => connection.sweep(), 20);
    const onClose = () => clearInterval(ticking);
    const recount = () => undefined;
    const shared = { ...engine, onClose, recount, ...(secure === undefined ? {} : { secure }) };
    const connection = new Connection(socket, session, shared);
    connection.start();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { port, log, routes: seen, [Symbol.dispose]: () => void server.close() };
}

const connect = (port: number) => Client.connect({ transport: "tcp", hostname: "127.0.0.1", port });

Deno.test("an extension's command is legal where it says, and its line as long as it says", async () => {
  using server = await serving();
  using client = await connect(server.port);
  await client.reply();
  assert.deepEqual(await client.command("XPAINT blue").then(({ code }) => code), 503);
  const { lines } = await client.command("EHLO a.example");
  assert.deepEqual(lines.slice(1), ["XPAINT CLEAR", "XSECURE"]);
  assert.deepEqual((await client.command("xpaint  dark blue")).lines, ["heard dark blue"]);
  assert.deepEqual((await client.command("XPAINT")).lines, ["XPAINT wants a word"]);
  const long = (verb: string, octets: number) => verb.padEnd(octets - 2, "x");
  assert.deepEqual(
    await codes(client, long("XPAINT ", 612), long("XPAINT ", 613), long("NOOP ", 513)),
    [250, 500, 500],
  );
  assert.deepEqual(await codes(client, "MAIL FROM:<>", "XPAINT blue", "SIZE"), [250, 503, 500]);
});

Deno.test("an extension's parameter is taken, and goes along with the recipient's route", async () => {
  using server = await serving();
  using client = await connect(server.port);
  await client.reply();
  const commands = ["EHLO a.example", "MAIL FROM:<> XCOLOUR=red", "MAIL FROM:<>"];
  assert.deepEqual(await codes(client, ...commands), [250, 555, 250]);
  const recipient = "RCPT TO:<joe@example.net> XCOLOUR=";
  assert.deepEqual(await codes(client, `${recipient}green`, `${recipient}red`), [504, 250]);
  assert.deepEqual(await codes(client, "DATA", "."), [354, 250]);
  assert.deepEqual(server.routes.map(({ parameters }) => parameters?.get("XCOLOUR")), ["red"]);
});

Deno.test("the answer to a challenge is no command, may be long, and is not in the log", async () => {
  using server = await serving();
  using client = await connect(server.port);
  await client.reply();
  await client.command("EHLO a.example");
  assert.deepEqual((await client.command("XASK")).lines, ["name?"]);
  assert.deepEqual((await client.command("QUIT")).lines, ["word?"]);
  const secret = "0123456789".repeat(199);
  assert.deepEqual((await client.command(secret)).lines, ["heard QUIT 1990"]);
  assert.deepEqual(await codes(client, "XASK", "sesame", "*", "NOOP"), [334, 334, 501, 250]);
  const tooLong = "sesame".repeat(400);
  assert.deepEqual(await codes(client, "XASK", tooLong, "NOOP"), [334, 500, 250]);
  const all = server.log.join("\n");
  assert.match(all, /"line":"XASK"/);
  assert.match(all, /"line":"\(1990 octets\)"/);
  assert.doesNotMatch(all, /0123456789|sesame|word\?/);
});

/** Turns every octet over. */
const scrambled = (octets: Uint8Array) => octets.map((octet) => octet ^ 0xff);

/** What is written and read here is scrambled on the socket below. */
function scrambling(socket: Duplex): Duplex {
  const clear = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _encoding, done) => void socket.write(scrambled(chunk), done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => (socket.destroy(), done(error)),
  });
  socket.on("data", (chunk: Uint8Array) => clear.push(scrambled(chunk)) || socket.pause());
  socket.on("end", () => clear.push(null));
  socket.on("close", () => clear.destroy());
  return clear;
}

/** A client without any knowledge of SMTP. */
async function raw(port: number) {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  return {
    send: async (octets: Uint8Array) => void await connection.write(octets),
    /** Reads until `turn` makes of it what ends with this line; all of it if the server closes. */
    until: async (last: string, turn = (octets: Uint8Array) => octets) => {
      let heard = "";
      const buffer = new Uint8Array(4096);
      while (!heard.endsWith(`${last}\r\n`)) {
        const length = await connection.read(buffer);
        if (length === null) return heard;
        heard += text(turn(buffer.subarray(0, length)));
      }
      return heard;
    },
    [Symbol.dispose]: () => connection.close(),
  };
}

Deno.test("a session goes on over another socket, and knows nothing of what came before", async () => {
  using server = await serving({
    ready: true,
    secure: (socket) => Promise.resolve({ socket: scrambling(socket), tls: ENCRYPTED }),
  });
  const client = await raw(server.port);
  await client.until("ESMTP Postmaster");
  await client.send(Buffer.from("EHLO a.example\r\nXSECURE\r\nNOOP injected\r\n"));
  await client.until("250 2.0.0 heard secure");
  await client.send(scrambled(Buffer.from("MAIL FROM:<>\r\nEHLO b.example\r\n")));
  assert.equal(
    await client.until("250 XPAINT TLSv1.3", scrambled),
    "503 5.5.1 say HELO or EHLO first\r\n250-mx.example.net\r\n250 XPAINT TLSv1.3\r\n",
  );
  await client.send(scrambled(Buffer.from("XSECURE\r\n")));
  assert.match(await client.until("502 5.5.1 command not implemented", scrambled), /502/);
  await client.send(scrambled(Buffer.from("QUIT\r\n")));
  assert.match(await client.until("nothing more", scrambled), /^221 /);
  client[Symbol.dispose]();
  await until(
    "the connection is over",
    () => server.log.some((line) => /^disconnected.*"closed by us"/.test(line)),
  );
});

Deno.test("a connection that cannot be encrypted, or not in time, ends without another word", async () => {
  const failing = () => Promise.reject(new Error("no shared cipher"));
  const hanging = () => new Promise<never>(() => {});
  for (const secure of [failing, hanging, undefined]) {
    const encryption = secure && { ready: true, secure };
    using server = await serving(encryption, { limits: { handshakeTimeout: 100 } });
    using client = await raw(server.port);
    await client.until("ESMTP Postmaster");
    await client.send(Buffer.from("EHLO a.example\r\nXSECURE\r\nNOOP\r\n"));
    await client.until("250 2.0.0 heard secure");
    assert.equal(await client.until("nothing more"), "");
  }
});
