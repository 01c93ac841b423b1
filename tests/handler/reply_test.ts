import assert from "node:assert/strict";
import { isUnknownRecipient, relayingDenied, say } from "postmaster";

Deno.test("isUnknownRecipient() is true for addresses that nobody has, and for no other refusal", () => {
  const unknown = [
    say(5, 5, 0, "unknown recipient", "5.1.1"),
    say(5, 5, 1, "has moved", "5.1.6"),
    say(5, 5, 0, "no such user"),
    say(5, 5, 3, "unknown recipient"),
  ];
  assert.deepEqual(unknown.map(isUnknownRecipient), [true, true, true, true]);
  const others = [
    relayingDenied,
    say(5, 5, 4, "192.0.2.1 is listed by bl.example.org", "5.7.1"),
    say(5, 5, 0, "the sender's domain does not exist", "5.1.8"),
    say(5, 5, 4, "no"),
    say(4, 5, 1, "greylisted", "4.7.1"),
    say(2, 5, 0, "recipient ok", "2.1.5"),
  ];
  assert.deepEqual(others.map(isUnknownRecipient), [false, false, false, false, false, false]);
});
