import { deepEqual, equal, throws } from "node:assert/strict";
import type { Route, Target } from "../../src/handler/reply.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { discard, discardType } from "../../src/targets/discard.ts";
import { maildir, type MaildirOptions, maildirType } from "../../src/targets/maildir.ts";
import { mbox, mboxType } from "../../src/targets/mbox.ts";
import { pipe, pipeType, procmail } from "../../src/targets/pipe.ts";
import { relay, relayType } from "../../src/targets/relay.ts";
import { Targets } from "../../src/targets/target.ts";

const targets = new Targets({
  maildir: maildirType(),
  mbox: mboxType(),
  pipe: pipeType(),
  discard: discardType,
  relay: relayType({ command: ["sendmail", "-f", "{sender}", "{recipient}"] }),
  own: { ...discardType, faultIn: () => undefined },
});

const plan = (target: Target, recipient = "joe+list@example.net", found: Partial<Route> = {}) =>
  targets.plan({ ...found, target, recipient: Mailbox.parse(recipient) });

Deno.test("plan() of a pipe is its command for this recipient and any message", () => {
  equal(plan(procmail("joe")), "procmail -Y -f {sender} -d joe");
  const all = ["{user}", "{extension}", "{local}", "{domain}", "{recipient}"];
  equal(
    plan(
      pipe(["x", ...all, "{peer}{helo}{hostname}{queue-id}{size}"]),
      "joe+list@example.net",
      { user: "joe", extension: "list" },
    ),
    "x joe list joe+list example.net joe+list@example.net {peer}{helo}{hostname}{queue-id}{size}",
  );
  equal(plan(pipe(["x", "", "a b", "{local}"]), '"a b"@example.net'), "x '' 'a b' 'a b'");
});

Deno.test("plan() of a pipe says who it runs as", () => {
  equal(plan(pipe(["x"], { user: "vmail" })), "x (as vmail)");
  equal(plan(pipe(["x"], { user: 5000, group: "mail" })), "x (as 5000:mail)");
  equal(plan(pipe(["x"], { group: "mail" })), "x (as :mail)");
});

Deno.test("plan() of a relay is whom it sends the mail on to, and of a discard nothing", () => {
  const others = ["a@example.org", "b@example.org"].map(Mailbox.parse);
  equal(plan(relay(others)), "a@example.org, b@example.org");
  equal(plan(discard()), "");
});

Deno.test("plan() shows the arguments of targets that have no plan", () => {
  equal(plan({ target: "own", args: { host: "mx", port: 25 } }), 'host="mx" port=25');
});

Deno.test("plan() knows what cannot work", () => {
  const failed = {
    result: "failed",
    status: "5.1.3",
    reason: "mailer: address cannot be passed on",
  };
  deepEqual(plan(pipe(["x", "{local}"]), "-oQ@example.net"), {
    ...failed,
    cause: "{local} would be taken for an option",
  });
  deepEqual(plan(relay([Mailbox.parse("-x@example.org")])), {
    ...failed,
    cause: "{recipient} would be taken for an option",
  });
  const deferred = { result: "deferred", status: "4.3.0", reason: "local delivery failed" };
  deepEqual(plan({ target: "carrier pigeon", args: {} }), {
    ...deferred,
    cause: 'there is no target "carrier pigeon"',
  });
  deepEqual(plan({ target: "pipe", args: { argv: [] } }), {
    ...deferred,
    cause: "the command names no program",
  });
});

Deno.test("plan() of a mailbox is its path and its user", () => {
  equal(
    plan(maildir({ path: "/var/vmail/{domain}/{local}/", user: "vmail", quota: "1 GiB" })),
    "/var/vmail/example.net/joe+list/ (as vmail)",
  );
  const found = { user: "daemon", extension: "list" };
  const own = maildir({ path: "{home}/Maildir", user: "{user}" });
  equal(plan(own, "joe@example.net", found), "/usr/sbin/Maildir/ (as daemon)");
  equal(
    plan(
      mbox({ path: "/var/mail/{user}", user: "{user}", group: "mail" }),
      "joe@example.net",
      found,
    ),
    "/var/mail/daemon (as daemon:mail)",
  );
  deepEqual(plan(mbox({ path: "/var/mail/{local}" }), '"../root"@example.net'), {
    ...{ result: "failed", status: "5.1.3", reason: "mbox: address makes no path" },
    cause: "{local}",
  });
});

Deno.test("a mailbox says what is wrong with its options, and that root delivers to none", () => {
  const faulty: readonly (readonly [MaildirOptions, RegExp])[] = [
    [{ path: "Maildir" }, /`Maildir` is no full path: write one such as \{home\}\/Maildir/],
    [{ path: "/a/../{user}" }, /has `\.\.` in it/],
    [{ path: "/a/{usr}" }, /unknown placeholder \{usr\}: did you mean \{user\}\?/],
    [{ path: "/a/{user" }, /\{ without its partner/],
    [{ path: "/a/{home}" }, /is no full path/],
    [{ path: "/a", quota: "much" }, /quota: `much` is not a size/],
  ];
  for (const [options, message] of faulty) throws(() => maildir(options), message);
  throws(() => pipe(["x"], { user: "{user}", maxRecipients: 2 }), /is that of one recipient/);
  equal(
    targets.obstacleTo(maildir({ path: "/a", user: 0 })),
    "root delivers to no mailbox: name its `user`",
  );
});
