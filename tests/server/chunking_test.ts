/**
 * CHUNKING and BINARYMIME (RFC 3030): messages by BDAT.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { chain, discard, type Handler, named, on, say } from "postmaster";
import { Client, type ClientOptions, FakeClock } from "postmaster/testing";
import { BINARYMIME } from "../../src/server/chunking.ts";
import { Extensions } from "../../src/server/extension.ts";
import { extensionsOn } from "../../src/server/extensions.ts";
import { codes } from "../running.ts";
import { cuts, latin1, pieces } from "../smtp/arbitraries.ts";
import { LOOK_ALIKES } from "../smtp/look_alikes.ts";
import { onlyJoe } from "./policy.ts";

const ENVELOPE = ["MAIL FROM:<a@example.org>", "RCPT TO:<joe@example.net>"];
const MESSAGE = "Subject: x\r\n\r\nOne.\r\n.\r\n..\r\nTwo.\r\n";
const bdat = (text: string, last = false) => `BDAT ${text.length}${last ? " LAST" : ""}\r\n${text}`;

/** A client that has said EHLO. */
async function greeted(policy: Handler = onlyJoe, options: ClientOptions = {}): Promise<Client> {
  const client = Client.of(policy, options);
  await client.reply();
  await client.command("EHLO c.example");
  return client;
}

/** A client whose recipient was accepted. */
async function ready(policy?: Handler, options?: ClientOptions): Promise<Client> {
  const client = await greeted(policy, options);
  assert.deepEqual(await codes(client, ...ENVELOPE), [250, 250]);
  return client;
}

/** The codes of the next replies. */
async function replies(client: Client, count: number): Promise<number[]> {
  const seen: number[] = [];
  while (seen.length < count) seen.push((await client.reply()).code);
  return seen;
}

/** The messages that were delivered, without what the server puts on top. */
const kept = (client: Client): string[] =>
  client.kept.map(({ message }) => message.replace(/^Received: .*\r\n(\t.*\r\n)+/, ""));

Deno.test("a message in chunks is the same as one in dots", async () => {
  using client = await ready();
  client.send(bdat(MESSAGE.slice(0, 20)));
  assert.deepEqual((await client.reply()).lines, ["20 octets received"]);
  client.send(bdat(MESSAGE.slice(20)));
  client.send(bdat("", true));
  assert.deepEqual(await replies(client, 2), [250, 250]);
  assert.deepEqual(await codes(client, ...ENVELOPE, "DATA"), [250, 250, 354]);
  client.send(MESSAGE.replace(/^\./gm, "..") + ".\r\n");
  assert.deepEqual(await replies(client, 1), [250]);
  assert.deepEqual(kept(client), [MESSAGE, MESSAGE]);
});

Deno.test("a message in any chunks, in any segments, with anything behind it, is what was sent", async () => {
  const text = fc.string({
    unit: fc.constantFrom("\r\n", ".", "a", "\r\n.\r\n", "QUIT\r\n", "BDAT 5\r\n"),
  });
  await fc.assert(
    fc.asyncProperty(text, cuts, cuts, async (body, chunks, segments) => {
      using client = await greeted();
      const message = `X: y\r\n\r\n${body}`;
      const parts = pieces(message, chunks).map(latin1);
      const wire = ENVELOPE.map((line) => `${line}\r\n`).join("") +
        parts.map((part, i) => bdat(part, i === parts.length - 1)).join("") + "NOOP\r\n";
      for (const segment of pieces(wire, segments)) client.send(segment);
      assert.deepEqual(await replies(client, parts.length + 3), [
        ...Array.from({ length: parts.length + 3 }, () => 250),
      ]);
      assert.deepEqual(kept(client), [message]);
    }),
    { numRuns: 100 },
  );
});

Deno.test("one octet a chunk, ten thousand times", async () => {
  using client = await ready();
  const message = `Subject: x\r\n\r\n${"0123456789abcdef".repeat(625)}\r\n`;
  client.send(Array.from(message, (octet) => bdat(octet)).join("") + "BDAT 0 LAST\r\n");
  const all = await replies(client, message.length + 1);
  assert.deepEqual(new Set(all), new Set([250]));
  assert.deepEqual(kept(client), [message]);
});

Deno.test("an empty message may come", async () => {
  using client = await ready();
  assert.deepEqual(await codes(client, "BDAT 0", "BDAT 0 LAST", "NOOP"), [250, 250, 250]);
  assert.deepEqual(kept(client), [""]);
});

Deno.test("a message may end in the middle of a line, also in its header", async () => {
  for (const [message, whole] of [["-", "\r\n-"], ["X: y\r\nText", "X: y\r\n\r\nText"]] as const) {
    using client = await ready();
    client.send(bdat(message, true));
    assert.deepEqual(await replies(client, 1), [250]);
    assert.deepEqual(kept(client), [whole]);
  }
});

for (const fake of [...LOOK_ALIKES, "\r\n.\r\n"]) {
  Deno.test(`BDAT does not end at ${JSON.stringify(fake)}`, async () => {
    using client = await ready();
    const text = `X: y\r\n\r\na${fake}MAIL FROM:<evil@example.org>\r\nQUIT\r\n`;
    client.send(bdat(text, true));
    const { code, enhanced } = await client.reply();
    const isText = !/\r(?!\n)|(?<!\r)\n|\0/.test(text);
    assert.deepEqual([code, enhanced], isText ? [250, "2.0.0"] : [554, "5.6.0"]);
    assert.deepEqual(kept(client), isText ? [text] : []);
    assert.deepEqual(await codes(client, ...ENVELOPE), [250, 250], "a fresh transaction");
  });
}

Deno.test("a command between two chunks changes nothing, unless it ends the transaction", async () => {
  using client = await ready();
  client.send(bdat("X: y\r\n"));
  assert.deepEqual(await replies(client, 1), [250]);
  const wrong = ["MAIL FROM:<>", "RCPT TO:<joe@example.net>", "DATA"];
  for (const line of wrong) {
    const { code, lines } = await client.command(line);
    assert.deepEqual([code, lines], [503, ["the rest of the message must come first, or RSET"]]);
  }
  assert.deepEqual(await codes(client, "NOOP", "VRFY joe", "HELP", "XYZZY"), [250, 252, 214, 500]);
  client.send(bdat("\r\nz\r\n", true));
  assert.deepEqual(await replies(client, 1), [250]);
  assert.deepEqual(kept(client), ["X: y\r\n\r\nz\r\n"]);
});

for (const end of ["RSET", "EHLO c.example", "HELO c.example"]) {
  Deno.test(`${end} between two chunks gives the message up`, async () => {
    using client = await ready();
    client.send(bdat("X: y\r\n"));
    assert.deepEqual(await replies(client, 1), [250]);
    assert.deepEqual(await codes(client, end, "BDAT 0 LAST", ...ENVELOPE), [250, 503, 250, 250]);
    client.send(bdat("X: z\r\n", true));
    assert.deepEqual(await replies(client, 1), [250]);
    assert.deepEqual(kept(client), ["X: z\r\n"]);
  });
}

Deno.test("the octets of a BDAT that comes too early are no commands", async () => {
  using client = Client.of(onlyJoe);
  const commands = "MAIL FROM:<evil@example.org>\r\nQUIT\r\n";
  await client.reply();
  client.send(bdat(commands));
  assert.deepEqual((await client.reply()).lines, ["say HELO or EHLO first"]);
  await client.command("EHLO c.example");
  client.send(bdat(commands, true));
  assert.deepEqual((await client.reply()).lines, ["say MAIL first"]);
  await client.command("MAIL FROM:<a@example.org>");
  for (const octet of bdat(commands, true)) client.send(octet);
  assert.deepEqual((await client.reply()).lines, ["no valid recipients"]);
  assert.deepEqual(await codes(client, "RCPT TO:<joe@example.net>"), [250]);
});

for (const argument of ["", "LAST", "-1", "99999999999999999999", "5 FIRST"]) {
  Deno.test(`BDAT ${argument} ends the session: nobody knows where the next command begins`, async () => {
    using client = await ready();
    client.send(`BDAT ${argument}\r\nMAIL FROM:<evil@example.org>\r\n`);
    assert.deepEqual(await replies(client, 1), [501]);
    assert.equal(await client.line(), undefined);
  });
}

Deno.test("a message over the limit is refused at the chunk that exceeds it, and all is forgotten", async () => {
  using client = await ready(onlyJoe, { limits: { messageSize: 100 } });
  client.send(bdat("x".repeat(60)) + bdat("y".repeat(60)) + bdat("z".repeat(60), true));
  assert.deepEqual(await replies(client, 3), [250, 552, 503]);
  assert.deepEqual(await codes(client, "RCPT TO:<joe@example.net>"), [503]);
  assert.deepEqual(kept(client), []);
});

Deno.test("many chunks behind a refusal are no errors of the client", async () => {
  using client = await ready(chain(on("StartData", () => say(4, 5, 1, "not now")), onlyJoe));
  client.send(bdat("x").repeat(500) + bdat("", true));
  const [first, ...others] = await replies(client, 501);
  assert.deepEqual([first, new Set(others)], [451, new Set([503])]);
  assert.deepEqual(await codes(client, "NOOP"), [250]);
});

Deno.test("handlers see each chunk, and may refuse it", async () => {
  const seen: number[] = [];
  const policy = chain(
    on("TakeChunk", ({ octets }, next) => {
      seen.push(octets);
      return octets > 5 ? say(5, 5, 4, "too much at once") : next();
    }),
    onlyJoe,
  );
  using client = await ready(policy);
  client.send(bdat("X: y\n".slice(0, 3)) + bdat("") + bdat("123456") + bdat("", true));
  assert.deepEqual(await replies(client, 4), [250, 250, 554, 503]);
  assert.deepEqual([seen, kept(client)], [[3, 0, 6], []]);
});

Deno.test("a handler that refuses the message before its end is heard at the next chunk", async () => {
  const policy = chain(on("Deliver", () => say(5, 5, 4, "no mail today", "5.7.0")), onlyJoe);
  using client = await ready(policy);
  client.send(bdat("Subject: x\r\n\r\n") + bdat("more\r\n", true));
  assert.deepEqual((await client.reply()).lines, ["no mail today"]);
  assert.deepEqual(await replies(client, 1), [503]);
});

Deno.test("the log names the handler that refuses a message, whatever was said between its chunks", async () => {
  for (const last of [false, true]) {
    const refusals: object[] = [];
    const log = (event: string, fields: object) => {
      if (event === "rejected") refusals.push(fields);
    };
    const accepted = Promise.withResolvers<void>();
    const late = named("refusing", async (event, next) => {
      if (event.type !== "Deliver") return next();
      await accepted.promise;
      return say(5, 5, 4, "no mail today", "5.7.0");
    });
    using client = await ready(chain(late, onlyJoe), { log });
    client.send(bdat("Subject: x\r\n"));
    assert.deepEqual(await replies(client, 1), [250]);
    accepted.resolve();
    assert.deepEqual(await codes(client, "NOOP", "NOOP"), [250, 250]);
    client.send(bdat("\r\nmore\r\n", last));
    assert.deepEqual(await replies(client, 1), [554]);
    assert.deepEqual(refusals.map((fields) => "handler" in fields && fields.handler), ["refusing"]);
  }
});

Deno.test("the log names the handler that does not answer, whoever reads the message meanwhile", async () => {
  const broken: object[] = [];
  const log = (event: string, fields: object) => {
    if (event === "handler broke") broken.push(fields);
  };
  const clock = new FakeClock();
  const reader = named("reader", async (event, next) => {
    if (event.type !== "Deliver") return next();
    const body = (async function* () {
      yield* event.body;
    })();
    return await next({ ...event, body });
  });
  const asked = Promise.withResolvers<void>();
  const hung = named("hung", (event, next) => {
    if (event.type !== "SayOK") return next();
    asked.resolve();
    return new Promise<never>(() => {});
  });
  const limits = { handlerTimeout: 1000 };
  using client = await ready(chain(hung, reader, onlyJoe), { log, clock, limits });
  client.send(bdat("Subject: x\r\n\r\n"));
  assert.deepEqual(await replies(client, 1), [250]);
  client.send("NOOP\r\n");
  await asked.promise;
  clock.advance(1001);
  assert.deepEqual(await replies(client, 1), [451]);
  assert.deepEqual(broken.map((fields) => "handler" in fields && fields.handler), ["hung"]);
  client.send(bdat("hello\r\n", true));
  assert.deepEqual(await replies(client, 1), [250]);
});

Deno.test("a message that is given up between its chunks counts as one", async () => {
  using client = await greeted(onlyJoe, { limits: { messagesPerConnection: 2 } });
  for (const _ of [1, 2]) {
    assert.deepEqual(await codes(client, ...ENVELOPE), [250, 250]);
    client.send(bdat("Subject: x\r\n"));
    assert.deepEqual(await replies(client, 1), [250]);
    assert.deepEqual(await codes(client, "RSET"), [250]);
  }
  assert.equal((await client.command("MAIL FROM:<>")).code, 421);
});

Deno.test("a message that is given up is aborted for those who read it", async () => {
  const ended = Promise.withResolvers<string>();
  const policy = chain(
    on("Deliver", async ({ body, signal }, next) => {
      try {
        for await (const _ of body);
      } catch (error) {
        ended.resolve(`${(error as Error).message}, ${signal.aborted}`);
      }
      return next();
    }),
    onlyJoe,
  );
  using client = await ready(policy);
  client.send(bdat("X: y\r\n") + "RSET\r\n");
  assert.deepEqual(await replies(client, 2), [250, 250]);
  assert.equal(await ended.promise, "the client gave it up, true");
});

Deno.test("the first chunk waits for the handler that is asked about DATA", async () => {
  const asked = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
  const policy = chain(
    on("StartData", async (_event, next) => {
      asked.resolve();
      await go.promise;
      return next();
    }),
    onlyJoe,
  );
  using client = await ready(policy);
  client.send(bdat("X: y\r\n") + bdat("\r\nz\r\n", true) + "NOOP\r\n");
  await asked.promise;
  go.resolve();
  assert.deepEqual(await replies(client, 3), [250, 250, 250]);
  assert.deepEqual(kept(client), ["X: y\r\n\r\nz\r\n"]);
});

Deno.test("a client that is silent between two chunks is too late, as within a message", async () => {
  for (
    const [limits, text] of [
      [{ dataTimeout: 1000 }, "timeout waiting for the message"],
      [{ messageTimeout: 1000 }, "the message took too long"],
    ] as const
  ) {
    const clock = new FakeClock();
    using client = await ready(onlyJoe, { clock, limits });
    client.send(bdat("X: y\r\n"));
    assert.deepEqual(await replies(client, 1), [250]);
    clock.advance(1001);
    assert.deepEqual((await client.reply()).lines, [text]);
  }
});

Deno.test("a chunk that is refused before it comes has the time of a message to come", async () => {
  for (
    const [limits, steps, text] of [
      [{ commandTimeout: 1000 }, 5, undefined],
      [{ messageTimeout: 2500 }, 3, "the message took too long"],
      [{ dataTimeout: 500 }, 1, "timeout waiting for the message"],
    ] as const
  ) {
    const clock = new FakeClock();
    using client = await greeted(onlyJoe, { clock, limits });
    client.send(`MAIL FROM:<>\r\nRCPT TO:<nobody@example.net>\r\nBDAT 60\r\n`);
    assert.deepEqual(await replies(client, 3), [250, 550, 503]);
    for (let step = 0; step < steps; step++) {
      client.send("x".repeat(10));
      clock.advance(900);
    }
    if (text === undefined) client.send(`${"x".repeat(10)}NOOP\r\n`);
    const { code, lines } = await client.reply();
    if (text === undefined) assert.equal(code, 250);
    else assert.deepEqual(lines, [text]);
  }
});

Deno.test("a handler that does not read the chunks is given up", async () => {
  const clock = new FakeClock();
  const policy = chain(on("Deliver", () => new Promise<never>(() => {})), onlyJoe);
  using client = await ready(policy, { clock, limits: { deliverTimeout: 1000 } });
  client.send(bdat("x".repeat(200_000)) + bdat("x") + bdat("", true));
  assert.deepEqual(await replies(client, 1), [250]);
  clock.advance(1001);
  assert.deepEqual(await replies(client, 2), [250, 451]);
});

/** Options of the engine that the test kit does not show. */
const binary = { extensions: new Extensions([...extensionsOn({}), BINARYMIME]) } as ClientOptions;

Deno.test("a binary message may have any octets, and must come by BDAT", async () => {
  const all = "X: y\r\n\r\n" + latin1(Uint8Array.from({ length: 512 }, (_, i) => i));
  using client = await greeted(on("AddRcptTo", () => discard()), binary);
  assert.deepEqual(
    await codes(client, "MAIL FROM:<> BODY=BINARYMIME", "RCPT TO:<joe@example.net>", "DATA"),
    [250, 250, 503],
  );
  client.send(bdat(all.slice(0, 100)) + bdat(all.slice(100), true));
  assert.deepEqual(await replies(client, 2), [250, 250]);
});

Deno.test("without BINARYMIME its parameter is not taken", async () => {
  using client = await greeted();
  assert.deepEqual(await codes(client, "MAIL FROM:<> BODY=BINARYMIME"), [504]);
});
