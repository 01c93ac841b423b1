import { deepEqual, equal, match, throws } from "node:assert/strict";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { relay, relayArguments, relayType } from "../../src/targets/relay.ts";
import { deliver, HELLO } from "./deliver.ts";

const admins = relay([Mailbox.parse("admin@example.com"), Mailbox.parse('"a b"@example.com')]);
const DUMP = ["sh", "-c", 'printf "%s\n" "$@"; cat', "sh"];
const ENVELOPE_ARGS = ["-i", "-f", "{sender}", "--", "{recipient}"];
const type = relayType({ command: [...DUMP, ...ENVELOPE_ARGS] });

Deno.test("relay() gives the message as it is to one process, the envelope as arguments", async () => {
  const { outcomes, mailers } = await deliver(type, admins);
  equal(outcomes[0]?.result, "delivered");
  deepEqual(mailers.map(({ output }) => output), [
    '-i\n-f\njane@example.org\n--\nadmin@example.com\n"a b"@example.com\nSubject: hello\n\nHello!\n',
  ]);
});

Deno.test("relay() hands the null path on as <>", async () => {
  const { mailers } = await deliver(type, admins, { envelope: { sender: null } });
  match(mailers[0]?.output ?? "", /^-f\n<>\n--\n/m);
});

Deno.test("relay() runs once for all recipients that have it, and each has its outcome", async () => {
  const busy = relayType({ command: ["sh", "-c", "exit 75"] });
  const { outcomes, mailers } = await deliver(busy, admins, { recipients: ["a@x", "b@x"] });
  deepEqual(outcomes.map(({ result }) => result), ["deferred", "deferred"]);
  equal(mailers.length, 1);
});

Deno.test("relay() refuses an address that the command would take for an option", async () => {
  const unsafe = relayType({ command: ["echo", "{recipient}"] });
  const { outcomes, mailers } = await deliver(unsafe, relay([Mailbox.parse("-x@example.com")]), {
    message: HELLO,
  });
  equal(outcomes[0]?.result, "failed");
  deepEqual(mailers, []);
});

Deno.test("relay() passes hostile addresses behind -- on as they are", async () => {
  const { mailers } = await deliver(type, relay([Mailbox.parse("-oQ/tmp@example.com")]));
  match(mailers[0]?.output ?? "", /^--\n-oQ\/tmp@example.com\n/m);
});

Deno.test("relay() survives being written down", () => {
  equal(type.faultIn(JSON.parse(JSON.stringify(admins.args))), undefined);
});

Deno.test("relayType().faultIn() says what is wrong with arguments", () => {
  match(type.faultIn({}) ?? "", /recipients/);
  match(type.faultIn({ recipients: [] }) ?? "", /recipients/);
  match(type.faultIn({ recipients: ["joe"] }) ?? "", /"joe" is not a mailbox/);
  match(type.faultIn({ recipients: ["joe@x"], via: "mx" }) ?? "", /via/);
});

Deno.test("relay() refuses what is no list of mailboxes", () => {
  // @ts-expect-error: one mailbox is no list
  throws(() => relay(Mailbox.parse("joe@example.net")), /a list of mailboxes, .* joe@example.net$/);
  throws(() => relay([]), /recipients/);
  // @ts-expect-error: no mailbox
  throws(() => relay(["joe"]), /"joe" is not a mailbox/);
});

Deno.test("relayType() throws for a command that makes no sense", () => {
  throws(() => relayType({ command: ["sendmail", "{recipeint}"] }), /did you mean \{recipient\}/);
});

Deno.test("relay() takes servers and a mode of TLS, which a command has no use for", () => {
  const to = [Mailbox.parse("joe@example.net")];
  const { args } = relay(to, {
    via: ["smtp://Relay.example", "lmtp:unix:/run/lmtp"],
    tls: "verify",
  });
  deepEqual(relayArguments.read(args).via, ["smtp://relay.example:25", "lmtp:unix:/run/lmtp"]);
  equal(relayArguments.faultIn(args), undefined);
  match(type.faultIn(args) ?? "", /`via` and `tls` are for a relay by SMTP/);
  throws(() => relay(to, { via: ["relay.example"] }), /`relay\.example` is no server/);
  throws(() => relay(to, { via: ["smtp://joe:secret@relay.example"] }), /write `user` beside it/);
  throws(() => relay(to, { via: [] }), TypeError);
  throws(() => relay(to, { tls: "strict" as "verify" }), TypeError);
});
