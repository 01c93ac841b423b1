import { equal } from "node:assert/strict";
import { defineTarget } from "postmaster";
import type { Target } from "../../src/handler/reply.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { discard, discardType } from "../../src/targets/discard.ts";
import { mailer, mailerType } from "../../src/targets/mailer_target.ts";
import { pipe, pipeType, procmail } from "../../src/targets/pipe.ts";
import { relay, relayType } from "../../src/targets/relay.ts";
import { Targets } from "../../src/targets/target.ts";

const several = pipe(["lmtp", "-r", "{recipient}"], { maxRecipients: 50 });
const targets = new Targets({
  pipe: pipeType(),
  discard: discardType,
  relay: relayType(),
  mailer: mailerType(several.args, pipeType()),
});

const destination = (target: Target, recipient = "Joe@Example.net") =>
  targets.destinationOf(target, { recipient: Mailbox.parse(recipient) });

Deno.test("a relay's destination is the domain that it sends to, in any spelling", () => {
  const to = (...addresses: readonly string[]) => relay(addresses.map(Mailbox.parse));
  equal(destination(to("ann@Example.ORG")), "example.org");
  equal(destination(to("ann@bücher.example")), destination(to("bob@XN--bcher-kva.example")));
  equal(destination(to("a@b.example", "a@a.example", "b@b.example")), "a.example b.example");
});

Deno.test("a mailbox of this machine is a destination", () => {
  equal(destination(procmail("joe")), "pipe Joe@example.net");
  equal(destination(procmail("joe"), "ann@example.net"), "pipe ann@example.net");
  equal(destination(discard()), "discard Joe@example.net");
});

Deno.test("a program that serves several recipients is one destination", () => {
  equal(destination(several), "pipe lmtp -r {recipient}");
  equal(destination(several, "ann@example.net"), "pipe lmtp -r {recipient}");
  equal(destination(mailer()), "pipe lmtp -r {recipient}");
});

Deno.test("a target of one's own names its destinations", () => {
  const open = () => {
    throw new Error("not asked");
  };
  const next = defineTarget<{ hop: string }>("next-hop", { destination: ({ hop }) => hop, open });
  equal(destination(next({ hop: "mx.example.com" })), "mx.example.com");
});

Deno.test("a target that is not known, or makes no sense, has a destination", () => {
  equal(destination({ target: "gone", args: {} }), "gone Joe@example.net");
  equal(destination({ target: "relay", args: { recipients: 5 } }), "relay Joe@example.net");
});
