import { equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Target } from "../../src/handler/reply.ts";
import { type PipeOptions, pipeType, procmail } from "../../src/targets/pipe.ts";
import { need, needRoot } from "../need.ts";
import { withUser } from "../user.ts";
import { deliver, type Mail, messageOf } from "./deliver.ts";

const type = pipeType();
const NEEDS = { ignore: need("procmail", "useradd").ignore || needRoot().ignore };
const TRACE = "Return-Path: <jane@example.org>\nDelivered-To: joe@example.net\n";
const DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/**
 * Delivers one after the other, and gives the sender in the `From ` line of each and all that came below it.
 * The mailbox is read only at the end: procmail waits a second when it has just been read.
 */
async function deliverTo(mailbox: string, ...mails: readonly [Target, Mail][]) {
  const ends: number[] = [];
  for (const [target, mail] of mails) {
    const { outcomes } = await deliver(type, target, mail);
    equal(outcomes[0]?.result, "delivered");
    ends.push((await Deno.stat(mailbox)).size);
  }
  const whole = Buffer.from(await Deno.readFile(mailbox));
  return ends.map((end, i) => {
    const stored = whole.toString("latin1", ends[i - 1] ?? 0, end);
    const line = stored.indexOf("\n");
    const [, sender, date] = /^From (.*) {2}(.*)$/.exec(stored.slice(0, line)) ?? [];
    match(date ?? "", DATE);
    return { sender, message: stored.slice(line + 1) };
  });
}

Deno.test({
  name: "procmail() delivers to a mailbox, the sender in the From line and every octet as it was",
  ...NEEDS,
  fn: () =>
    withUser(async (user) => {
      const mailbox = `/var/mail/${user}`;
      const header = "Content-Length: 7\r\nSubject: x\r\n\r\n";
      const messages = [
        "plain\r\n",
        "\xe4\xff\x80 8-bit, and NUL \0\r\n",
        `${"long line ".repeat(5000)}\r\n`,
        "..\r\n.\r\n.leading dots\r\n",
        `${"thirty megabytes".repeat(5).slice(0, 78)}\r\n`.repeat(30_000_000 / 80),
      ].map((body) => header + body);
      const mails = messages.map((message): [Target, Mail] => [
        procmail(user),
        { message: messageOf(Buffer.from(message, "latin1")) },
      ]);
      for (const [i, { sender, message }] of (await deliverTo(mailbox, ...mails)).entries()) {
        equal(sender, "jane@example.org");
        // The empty line that ends a message in a mailbox is procmail's.
        const wanted = `${TRACE}${messages[i]}\n`.replaceAll("\r\n", "\n");
        equal(message === wanted, true, `message ${i}`);
      }
    }),
});

Deno.test({
  name: "procmail() ends a last line without end, and quotes lines that begin with From",
  ...NEEDS,
  fn: () =>
    withUser(async (user) => {
      const mailbox = `/var/mail/${user}`;
      const message = messageOf("Subject: x\r\n\r\nbody\r\nFrom me\r\n>From you\r\nno end");
      const [stored] = await deliverTo(mailbox, [procmail(user), { message }]);
      equal(stored?.message, `${TRACE}Subject: x\n\nbody\n>From me\n>From you\nno end\n`);
    }),
});

Deno.test({
  name: "procmail() calls the null path MAILER-DAEMON in the From line",
  ...NEEDS,
  fn: () =>
    withUser(async (user) => {
      const mailbox = `/var/mail/${user}`;
      const [stored] = await deliverTo(mailbox, [procmail(user), { envelope: { sender: null } }]);
      equal(stored?.sender, "MAILER-DAEMON");
      match(stored?.message ?? "", /^Return-Path: <>\n/);
    }),
});

Deno.test({
  name:
    "procmail() keeps the From line for a server in group mail, and marks it for any other user",
  ...NEEDS,
  fn: () =>
    withUser(async (user) => {
      const mailbox = `/var/mail/${user}`;
      const as = (options: PipeOptions): Target => {
        const { target, args } = procmail(user);
        return { target, args: { ...args, ...options } };
      };
      const runs = [as({ user, group: "mail" }), as({ user })];
      const stored = await deliverTo(mailbox, ...runs.map((run): [Target, Mail] => [run, {}]));
      for (const { sender } of stored) equal(sender, "jane@example.org");
      match(stored[0]?.message ?? "", /^Return-Path:/);
      match(stored[1]?.message ?? "", new RegExp(`^>From ${user} .*\nReturn-Path:`));
    }),
});

Deno.test({
  name: "procmail() fails for a user that does not exist",
  ...NEEDS,
  async fn() {
    const { outcomes } = await deliver(type, procmail("no-such-user"));
    equal(outcomes[0]?.result, "failed");
  },
});
