/**
 * Mail that goes in circles, and mail that seems to.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Route, Target } from "../../src/handler/reply.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { consign, handOver } from "../../src/targets/consignment.ts";
import { pipe, pipeType } from "../../src/targets/pipe.ts";
import { relay, relayType } from "../../src/targets/relay.ts";
import { Targets } from "../../src/targets/target.ts";
import { silent } from "../../src/log/event.ts";
import { Directory } from "../running.ts";
import { ENVELOPE, messageOf } from "./deliver.ts";

const here = pipe(["cat"]);
const to = (...addresses: string[]) => relay(addresses.map((address) => Mailbox.parse(address)));

/** What became of a message with a header, and the message as it was given to a program. */
async function delivering(
  header: string,
  target: Target,
  recipient: string,
  original = recipient,
): Promise<{ outcome: string; seen: string }> {
  const route: Route = {
    recipient: Mailbox.parse(recipient),
    original: Mailbox.parse(original),
    target,
  };
  using directory = new Directory();
  const file = directory.write("mail", "");
  const targets = new Targets({ pipe: pipeType(), relay: relayType({ command: ["tee", file] }) });
  const [result] = await handOver(
    consign([route], targets).own,
    messageOf(header, "Subject: hello\r\n\r\nDelivered-To: joe@example.net\r\n"),
    { envelope: ENVELOPE, log: silent, signal: new AbortController().signal },
  );
  const { outcome } = result!;
  return {
    outcome: outcome.result === "delivered" ? "delivered" : `${outcome.result} ${outcome.status}`,
    seen: directory.read("mail"),
  };
}

const JOE = "Delivered-To: joe@example.net\r\n";

const CASES: readonly [string, string, Parameters<typeof delivering>][] = [
  ["delivered", "is new", ["", here, "joe@example.net"]],
  ["failed 5.4.6", "was delivered to the recipient before", [JOE, here, "joe@example.net"]],
  ["failed 5.4.6", "was delivered to the recipient in another case", [
    "Received: x\r\nDELIVERED-TO:\r\n Joe@EXAMPLE.NET\r\n",
    here,
    "joe@example.net",
  ]],
  ["delivered", "was delivered to somebody else", [JOE, here, "jane@example.net"]],
  ["delivered", "was delivered to another extension", [JOE, here, "joe+a@example.net"]],
  ["delivered", "was delivered to nobody that makes sense", [
    "Delivered-To: <joe@example.net>, x\r\n",
    here,
    "joe@example.net",
  ]],
  ["delivered", "an alias leads from one mailbox to another", [
    "Delivered-To: boss@example.net\r\n",
    here,
    "joe@example.net",
    "boss@example.net",
  ]],
  ["failed 5.4.6", "was sent on for the alias before", [
    JOE,
    to("joe@example.org"),
    "joe@example.org",
    "joe@example.net",
  ]],
  ["failed 5.4.6", "was delivered where it would be sent on to", [
    "Delivered-To: joe@example.org\r\n",
    to("joe@example.org"),
    "joe@example.org",
    "joe@example.net",
  ]],
  ["delivered", "was delivered to one of those whom it is sent on to", [
    "Delivered-To: joe@example.org\r\n",
    to("joe@example.org", "jane@example.org"),
    "joe@example.net",
  ]],
  ["delivered", "is a user's, who sends it back to where it was", [
    "Delivered-To: joe@example.org\r\n",
    to("joe@example.org"),
    "joe@example.org",
  ]],
];

for (const [wanted, what, args] of CASES) {
  Deno.test(`mail is ${wanted} if it ${what}`, async () => {
    assert.equal((await delivering(...args)).outcome, wanted);
  });
}

Deno.test("mail that is sent on for an alias says so, and a second time fails", async () => {
  const route = [to("joe@example.org"), "joe@example.org", "joe@example.net"] as const;
  const { seen } = await delivering("", ...route);
  assert.match(seen, /^Delivered-To: joe@example\.net\nSubject: hello\n/);
  const [header = ""] = seen.split("Subject:");
  assert.equal((await delivering(header.replace("\n", "\r\n"), ...route)).outcome, "failed 5.4.6");
});
