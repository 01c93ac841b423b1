/**
 * MTA hooks: what a hook is told, and what becomes of its answers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, type Handler, on } from "postmaster";
import { mtaHooks, type MtaHooksOptions } from "postmaster/handlers";
import { HELLO, sent } from "../milter/sessions.ts";

/** A hook that gives one answer, and what it was told. */
class Hook implements AsyncDisposable {
  readonly told: unknown[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answer: unknown, status = 200) {
    const body = typeof answer === "string" ? answer : JSON.stringify(answer);
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        this.told.push(await request.json());
        return new Response(body, { status });
      },
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/hook?a=b`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const asks = (options: MtaHooksOptions): Handler =>
  chain(mtaHooks(options), on("AddRcptTo", () => discard()));

const BODY = 'a "quote", \\, \x00\x01, ü \u{1f600}\r\nnot UTF-8: \xff\r\n';
const octets = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));

Deno.test("a hook is told the client, the envelope and the message", async () => {
  await using hook = new Hook({ action: "accept" });
  const body = octets(BODY).replace(octets("\xff"), "\xff").replace("\x00\x01", "\x01");
  const message = `From: ann@example.org\r\nSubject: long\r\n line\r\n\r\n${body}`;
  const result = await sent(asks({ url: hook.url }), message, undefined, { user: "ann" });
  assert.equal(result.message, message);
  assert.partialDeepStrictEqual(hook.told, [{
    context: {
      stage: "data",
      client: { ip: "192.0.2.1", helo: "client.example.org" },
      sasl: { login: "ann" },
      server: { name: "mx.example.net" },
      protocol: { version: 1 },
    },
    envelope: { from: { address: "ann@example.org" }, to: [{ address: "joe@example.net" }] },
    message: {
      headers: [["From", " ann@example.org"], ["Subject", " long\n line"]],
      contents: BODY.replace("\x00\x01", "\x01").replace("\xff", "\ufffd"),
      size: message.length,
    },
  }]);
});

Deno.test("what a hook answers is done", async () => {
  const result = async (answer: unknown, options: Partial<MtaHooksOptions> = {}) => {
    await using hook = new Hook(answer);
    const { replies, message, text, sender, recipients, hold } = await sent(
      asks({ url: hook.url, ...options }),
    );
    return { last: replies.at(-1), message, text, sender, recipients, hold };
  };
  const rejected = await result({
    action: "reject",
    response: { status: 554, enhancedStatus: "5.7.1", message: "no\r\n250 yes" },
  });
  assert.deepEqual([rejected.last, rejected.text], ["550 5.7.1", "no??250 yes"]);
  const later = await result({ action: "reject", response: { status: 421 } });
  assert.equal(later.last, "451 4.7.1");
  const gone = await result({ action: "discard" });
  assert.deepEqual([gone.last, gone.message], ["250 2.0.0", undefined]);
  const held = await result({ action: "quarantine" }, { quarantine: "hold" });
  assert.equal(held.hold, "a hook wants it");
  const changed = await result({
    action: "accept",
    modifications: [
      { type: "changeFrom", value: "bob@example.org" },
      { type: "addRecipient", value: "<jane@example.net>" },
      { type: "deleteRecipient", value: "joe@example.net" },
      { type: "insertHeader", index: 0, name: "X-First", value: "1" },
      { type: "addHeader", name: "X-Last", value: "ü\nX-Forged: 1" },
      { type: "changeHeader", index: 1, name: "Subject", value: "changed" },
      { type: "deleteHeader", index: 1, name: "From" },
      { type: "replaceContents", value: "other\nlines\r\n" },
    ],
  });
  assert.deepEqual(
    [changed.last, changed.sender, changed.recipients],
    ["250 2.0.0", "bob@example.org", ["jane@example.net"]],
  );
  assert.equal(
    changed.message,
    `X-First: 1\r\nSubject: changed\r\nX-Last: ${
      octets("ü")
    }\r\n\tX-Forged: 1\r\n\r\nother\r\nlines\r\n`,
  );
});

Deno.test("a hook that makes no sense has failed", async () => {
  const nonsense = [
    "",
    "hello",
    "[]",
    { action: "dance" },
    { action: "accept", modifications: [{ type: "dance" }] },
    { action: "accept", modifications: [{ type: "addHeader", name: "X:", value: "1" }] },
    { action: "accept", modifications: [{ type: "addRecipient", value: "nobody at all" }] },
    { action: "accept", modifications: [{ type: "changeFrom", value: "@@" }] },
    { action: "accept", modifications: [{ type: "replaceContents", value: "a\0b" }] },
    { action: "accept", modifications: [{ type: "addHeader", name: "X", value: "a\0b" }] },
    ...[{ NOTIFY: "NEVER\r\nRCPT TO:<y@example.org>" }, { NOTIFY: "MAYBE" }, { SIZE: "1" }].map(
      (parameters) => ({
        action: "accept",
        modifications: [{ type: "addRecipient", value: "x@example.org", parameters }],
      }),
    ),
  ];
  for (const answer of nonsense) {
    await using hook = new Hook(answer);
    const what = JSON.stringify(answer);
    const deferred = await sent(asks({ url: hook.url }));
    assert.deepEqual([deferred.replies.at(-1), deferred.message], ["451 4.7.1", undefined], what);
    const accepted = await sent(asks({ url: hook.url, onFailure: "accept" }));
    assert.equal(accepted.message, `X-Filter-Failed: mta-hooks\r\n${HELLO}`, what);
  }
  await using hook = new Hook({ action: "accept" }, 500);
  assert.equal((await sent(asks({ url: hook.url }))).replies.at(-1), "451 4.7.1");
});
