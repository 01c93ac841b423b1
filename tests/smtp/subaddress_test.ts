import { deepEqual, equal } from "node:assert/strict";
import { cuts, rejoin } from "../../src/smtp/subaddress.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";

const at = (local: string, delimiter: string) =>
  cuts(new Mailbox(local, "example.net"), delimiter).map(({ mailbox, suffix }) =>
    `${mailbox.local} ${suffix}`
  );

Deno.test("cuts() gives ever shorter names, and none that is empty", () => {
  deepEqual(at("a-b-c", "-"), ["a-b -c", "a -b-c"]);
  deepEqual(at("jean-luc", "-"), ["jean -luc"]);
  deepEqual(at("joe+a-b", "-"), ["joe+a -b"]);
  deepEqual(at("joe+", "+"), ["joe +"]);
  deepEqual(at("joe--x", "-"), ["joe- -x", "joe --x"]);
  deepEqual(at("-joe", "-"), []);
  deepEqual(at("-joe-x", "-"), ["-joe -x"]);
  deepEqual(at("joe", "+"), []);
  deepEqual(at("joe+x", ""), []);
  deepEqual(cuts(new Mailbox("postmaster", ""), "t"), []);
});

Deno.test("rejoin() is what was cut, and leaves out what does not fit", () => {
  const whole = Mailbox.parse("joe+a+b@example.net");
  for (const { mailbox, suffix } of cuts(whole, "+")) {
    equal(rejoin(mailbox, suffix).toString(), String(whole));
  }
  const long = Mailbox.parse(`${"j".repeat(240)}@example.net`);
  equal(rejoin(long, "+list"), long);
});
