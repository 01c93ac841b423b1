/**
 * Filters that are ill, and what becomes of the mail: it is deferred, or arrives as it was sent, with a note.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chain, discard, type Handler, on } from "postmaster";
import { clamav, rspamd, spamassassin } from "postmaster/handlers";
import { Client, FakeDns } from "postmaster/testing";
import { octetsHeld } from "../../held.ts";
import { until } from "../../running.ts";
import { ENVELOPE, HELLO, sent } from "../milter/sessions.ts";
import { type Fault, FaultyFilter } from "./faulty_filter.ts";

/** The options that the handlers share. */
interface Options {
  readonly address: string;
  readonly timeout?: string;
  readonly onFailure?: "accept" | "defer";
  readonly connections?: number;
}

const FILTERS: Readonly<Record<string, (options: Options) => Handler>> = {
  clamav,
  rspamd,
  spamassassin,
};

const http = (body: string, length = body.length) =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body}`;
const HAM = http('{"action":"no action","score":0}');
const SYMBOLS = "SPAMD/1.1 0 EX_OK\r\nContent-length: 5\r\nSpam: False ; 1 / 5\r\n\r\n";

/** What is no answer, or not all of one; each with the filters to which it is said. */
const NONSENSE: Readonly<Record<string, readonly string[]>> = {
  clamav: [
    "",
    "hello\0",
    "stream: OK",
    "stream: INSTREAM: Can't allocate memory ERROR\0",
    "stream: FOUND\0",
    "\0stream: OK\0",
    HAM,
  ],
  rspamd: [
    "",
    "hello\r\n",
    HAM.slice(0, -1),
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{",
    http("hello"),
    http("{}"),
    http("null"),
    http('{"action":"no action"}'),
    http('{"action":"no action","score":"many"}'),
    http('{"action":"dance","score":0}'),
    http(JSON.stringify({
      ...{ action: "no action", score: 0 },
      milter: { add_headers: { X: new Array(2000).fill("x") } },
    })),
    http('{"action":"__proto__","score":0}'),
    HAM.replace("200 OK", "403 Forbidden"),
    HAM.replace("200 OK", "500 no"),
    HAM.replace("200 OK", "302 Found\r\nLocation: http://127.0.0.1:9/"),
  ],
  spamassassin: [
    "",
    "hello\r\n",
    SYMBOLS,
    `${SYMBOLS}TES`,
    SYMBOLS.replace("0 EX_OK", "79 EX_TIMEOUT") + "TESTS",
    SYMBOLS.replace("1 / 5", "many / 5") + "TESTS",
    SYMBOLS.replace("Spam: False ; 1 / 5\r\n", "") + "TESTS",
  ],
};

const chained = (filter: Handler): Handler => chain(filter, on("AddRcptTo", () => discard()));

/** Mail is deferred, or taken as it is; nothing stays open. */
async function assertFails(name: string, fault: Fault, timeout = "10 s"): Promise<void> {
  const what = `${name}: ${JSON.stringify(fault)}`.slice(0, 200);
  const filter = FILTERS[name]!;
  await using faulty = await FaultyFilter.start(fault);
  const { address } = faulty;
  const deferred = await sent(chained(filter({ address, timeout })));
  assert.deepEqual([deferred.replies.at(-1), deferred.message], ["451 4.7.1", undefined], what);
  const accepted = await sent(chained(filter({ address, timeout, onFailure: "accept" })));
  assert.equal(accepted.message, `X-Filter-Failed: ${name}\r\n${HELLO}`, what);
  await until(`no connection stays (${what})`, () => faulty.open === 0);
  assert.equal(faulty.connections, 2, what);
}

for (const name of Object.keys(FILTERS)) {
  Deno.test(`${name} that is not there`, async () => {
    for (const address of ["unix:/nowhere/filter", "127.0.0.1:9"]) {
      const { replies, message } = await sent(chained(FILTERS[name]!({ address })));
      assert.deepEqual([replies.at(-1), message], ["451 4.7.1", undefined]);
    }
  });

  Deno.test(`${name} that makes no sense, or breaks off`, async () => {
    for (const says of NONSENSE[name]!) {
      await assertFails(name, { says, then: "close" });
      await assertFails(name, { says, then: "reset" });
    }
  });

  Deno.test(`${name} that hangs, before it reads, after it, and in the midst of its answer`, async () => {
    await assertFails(name, { reads: false, then: "hang" }, "100 ms");
    await assertFails(name, { then: "hang" }, "100 ms");
    const half = { clamav: "stream: O", rspamd: HAM.slice(0, -5), spamassassin: `${SYMBOLS}TE` };
    await assertFails(name, { says: half[name as keyof typeof half], then: "hang" }, "100 ms");
  });

  Deno.test(`${name} of which nothing is known in time, because the DNS is silent`, async () => {
    const dns = new FakeDns();
    dns.query = () => new Promise<never>(() => {});
    await using faulty = await FaultyFilter.start({ then: "hang" });
    const policy = chained(FILTERS[name]!({ address: faulty.address, timeout: "100 ms" }));
    const before = performance.now();
    const { replies } = await sent(policy, HELLO, ENVELOPE, { dns });
    assert.equal(replies.at(-1), "451 4.7.1");
    assert.ok(performance.now() - before < 4500, "the name of the client is not waited for");
  });

  Deno.test(`${name} that never ends its answer`, async () => {
    await assertFails(name, { then: "flood" });
    const begin = {
      clamav: "stream: ",
      rspamd: "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
      spamassassin: SYMBOLS,
    };
    await assertFails(name, { says: begin[name as keyof typeof begin], then: "flood" });
  });

  Deno.test(`${name} that gets more mail than it has connections for`, async () => {
    await using faulty = await FaultyFilter.start({ then: "hang" });
    const policy = chained(
      FILTERS[name]!({ address: faulty.address, timeout: "300 ms", connections: 2 }),
    );
    const results = await Promise.all(Array.from({ length: 6 }, () => sent(policy)));
    for (const { replies } of results) assert.equal(replies.at(-1), "451 4.7.1");
    assert.ok(faulty.most <= 2, `${faulty.most}`);
    await until("no connection stays", () => faulty.open === 0);
  });
}

Deno.test("a large message goes to a filter as it is read, in little memory", async () => {
  const size = 256 << 20;
  const answers = { clamav: "stream: OK\0", rspamd: HAM, spamassassin: `${SYMBOLS}TESTS` };
  for (const [name, says] of Object.entries(answers)) {
    await using faulty = await FaultyFilter.start({ says, least: size, then: "close" });
    const filter = FILTERS[name]!;
    const { address } = faulty;
    const options = { address, maxSize: "unlimited" } as const;
    let most = 0;
    const passed = chain(
      on("Deliver", (event, next) => next({ ...event, body: large(size) })),
      filter(options),
      on("Deliver", async ({ body }) => {
        let octets = 0;
        for await (const { length } of body) octets += length;
        assert.ok(octets >= size);
        return { code: 250, lines: ["ok"] };
      }),
      on("AddRcptTo", () => discard()),
    );
    const watching = setInterval(() => most = Math.max(most, octetsHeld()), 20);
    const before = octetsHeld();
    using client = Client.of(passed);
    await client.reply();
    for (const command of ENVELOPE) await client.command(command);
    client.send(".\r\n");
    const reply = await until("it is judged", () => client.reply().catch(() => undefined));
    clearInterval(watching);
    assert.equal(reply.code, 250, name);
    assert.ok(faulty.octets >= size, name);
    assert.ok(most - before < size / 2, `${name}: ${(most - before) >> 20} MiB`);
  }
});

/** A message that is made as it is read. */
async function* large(size: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from("Subject: large\r\n\r\n");
  const chunk = Buffer.from(`${"x".repeat(62)}\r\n`.repeat(1024));
  for (let made = 0; made < size; made += chunk.length) yield await Promise.resolve(chunk);
}
