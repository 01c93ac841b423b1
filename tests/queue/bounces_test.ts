/**
 * What senders are told by a running server.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { need } from "../need.ts";
import { codes, type Directory, Running, type Settings, until } from "../running.ts";
import { blocksOf, parsed, type Seen } from "./report/samples.ts";

/** Mail for `u0` is delivered, for `u67…` refused, for `u75` deferred; the others' is kept, a file for each message. */
const settings = (more: Settings = {}) => (directory: Directory): Settings => ({
  users: ["you", "u0", "u67", "u68", "u75", "postmaster"],
  mailer: {
    command: [
      "sh",
      "-c",
      `cat > "$0/tmp.$2.$1"
       case $1 in
         u67) echo SECRET; exit 67 ;;
         u68) sleep 0.2; exit 67 ;;
         u75) exit 75 ;;
         u0) rm "$0/tmp.$2.$1" ;;
         *) mv "$0/tmp.$2.$1" "$0/mail.$1.$2" ;;
       esac`,
      directory.path,
      "{user}",
      "{queue-id}",
    ],
  },
  relay: { command: ["true"] },
  aliases: { away: "joe@example.org" },
  queue: { retry: ["1 s"] },
  ...more,
});

/** Sends a message: the sender with its parameters, then recipients with theirs. */
async function send(server: Running, from: string, ...recipients: readonly string[]) {
  using client = await server.connect();
  const rcpt = recipients.map((name) => `RCPT TO:${name}`);
  const heard = await codes(client, "EHLO a.example", `MAIL FROM:${from}`, ...rcpt, "DATA");
  assert.ok(heard.every((code) => code < 400), heard.join());
  client.send("Subject: Lunch\r\nMessage-ID: <lunch@example.org>\r\n\r\nAt noon?\r\n.\r\n");
  assert.equal((await client.reply()).code, 250);
}

const namesFor = ({ directory }: Running, user: string): readonly string[] =>
  directory.list().filter((name) => name.startsWith(`mail.${user}.`));

/** The reports that a user has got, when there are so many, as another parser sees them. */
async function reportsFor(server: Running, user: string, count: number): Promise<readonly Seen[]> {
  const names = await until(`${user} has ${count} reports`, () => {
    const found = namesFor(server, user);
    return found.length >= count && found;
  });
  const all = names.map((name) => server.directory.read(name).replace(/\r?\n/g, "\r\n"));
  return await parsed(all.map((text) => Buffer.from(text, "latin1")));
}

Deno.test({
  name: "recipients that fail together are in one bounce, which says what the sender knows",
  ...need("python3"),
  fn: async () => {
    await using server = await Running.start(settings());
    const failing = [
      "<u67@example.net> ORCPT=rfc822;boss@example.org",
      "<u68@example.net>",
      "<u0@example.net>",
    ];
    await send(
      server,
      "<you@example.net> ENVID=7 RET=HDRS",
      ...failing,
      "<u67@example.net> NOTIFY=NEVER",
    );
    const [seen] = await reportsFor(server, "you", 1);
    assert.deepEqual(seen!.defects, []);
    assert.match(seen!.fields["Return-Path"]!, /^<>$/);
    assert.equal(seen!.fields["In-Reply-To"], "<lunch@example.org>");
    const [message, ...recipients] = blocksOf(seen!.parts[1]!.content);
    assert.equal(message!["Original-Envelope-Id"], "7");
    assert.deepEqual(recipients.map((block) => block["Final-Recipient"]).toSorted(), [
      "rfc822;u67@example.net",
      "rfc822;u68@example.net",
    ]);
    assert.equal(seen!.parts[2]!.type, "text/rfc822-headers");
    assert.ok(!JSON.stringify(seen).includes("SECRET"));
    assert.equal(namesFor(server, "you").length, 1);
  },
});

Deno.test({
  name: "recipients of one place are tried and told of together, also when they are late",
  ...need("python3"),
  fn: async () => {
    await using server = await Running.start((directory) => ({
      ...settings()(directory),
      relay: {
        command: ["sh", "-c", `echo "$*" >>${directory.of("tried")}; exit 75`, "sh", "{recipient}"],
      },
      aliases: { list: ["a@example.org", "b@example.org"] },
      queue: { retry: ["1 s"], "warn-after": "1 s", lifetime: "3 s" },
    }));
    await send(server, "<you@example.net>", "<list@example.net>");
    const seen = await reportsFor(server, "you", 2);
    assert.deepEqual(
      seen.map(({ parts }) => blocksOf(parts[1]!.content).slice(1).map((block) => block["Action"]))
        .toSorted(),
      [["delayed", "delayed"], ["failed", "failed"]],
    );
    const late = seen.find(({ subject }) => /not been delivered yet/.test(subject));
    assert.match(late!.parts[1]!.content, /^Will-Retry-Until: /m);
  },
});

Deno.test({
  name: "a sender is told of success if it wants that, in the language of the configuration",
  ...need("python3"),
  fn: async () => {
    await using server = await Running.start(
      settings({ queue: { retry: ["1 s"], bounces: { language: "de" } } }),
    );
    const wanting = [
      "<u0@example.net> NOTIFY=SUCCESS",
      "<away@example.net> NOTIFY=SUCCESS,FAILURE",
    ];
    await send(server, "<you@example.net>", ...wanting, "<u0@example.net>");
    const [seen] = await reportsFor(server, "you", 1);
    assert.equal(seen!.subject, "Ihre Nachricht wurde zugestellt");
    const blocks = blocksOf(seen!.parts[1]!.content).slice(1).map((block) =>
      `${block["Action"]} ${block["Original-Recipient"]} ${block["Final-Recipient"]}`
    );
    assert.deepEqual(blocks.toSorted(), [
      "delivered undefined rfc822;u0@example.net",
      "relayed rfc822;away@example.net rfc822;joe@example.org",
    ]);
  },
});

Deno.test({
  name: "postmaster is told of a bounce that fails, and nobody of what goes wrong then",
  ...need("python3"),
  fn: async () => {
    await using server = await Running.start(settings());
    await send(server, "<u68@example.net>", "<u67@example.net>");
    const [seen] = await reportsFor(server, "postmaster", 1);
    assert.match(seen!.subject, /without a sender could not be delivered/);
    assert.match(seen!.parts[1]!.content, /^Final-Recipient: rfc822;u68@example\.net\r$/m);
    assert.match(seen!.parts[2]!.content, /multipart\/report/);

    await using dropping = await Running.start(
      settings({ queue: { bounces: { "double-bounces": "drop" } } }),
    );
    await send(dropping, "<u68@example.net>", "<u67@example.net>");
    await dropping.logs(/double bounce dropped .*recipients=<u68@example\.net>/);
    await using nobody = await Running.start(
      settings({ postmaster: "u67", users: ["u67", "u68"] }),
    );
    await send(nobody, "<>", "<u68@example.net>");
    await nobody.logs(/double bounce dropped .*recipients=<u67@example\.net>/);
  },
});

Deno.test({
  name: "mail that goes in circles comes back as a bounce",
  ...need("python3"),
  fn: async () => {
    await using server = await Running.start(settings());
    using client = await server.connect();
    const path = ["MAIL FROM:<you@example.net>", "RCPT TO:<u0@example.net>", "DATA"];
    await codes(client, "EHLO a.example", ...path);
    client.send("Delivered-To: U0@example.net\r\nSubject: round\r\n\r\nand round\r\n.\r\n");
    assert.equal((await client.reply()).code, 250);
    const [seen] = await reportsFor(server, "you", 1);
    const [, block] = blocksOf(seen!.parts[1]!.content);
    assert.equal(block!["Status"], "5.4.6");
    assert.match(seen!.parts[0]!.content, /mail forwarding loop/);
  },
});
