/**
 * What leap_saturday.ts promises.
 *
 * @module
 */
import { ask, rcpt } from "postmaster/testing";
import assert from "node:assert/strict";
import policy from "./leap_saturday.ts";

const at = async (time: string, recipient = "joe@example.org") =>
  await ask(policy, rcpt(recipient), { time: new Date(time) });

Deno.test("mail for example.org is relayed on a Saturday in a leap year", async () => {
  for (const time of ["2028-01-01T00:00:00Z", "2028-02-26T12:00:00Z", "2028-12-30T23:59:59Z"]) {
    const { routes } = await at(time);
    assert.deepEqual(routes?.map(({ target }) => target), [
      { target: "relay", args: { recipients: ["joe@example.org"] } },
    ], time);
  }
});

Deno.test("it is not on other days, in other years, or for other domains", async () => {
  assert.equal((await at("2028-01-02T00:00:00Z")).code, 550, "a Sunday");
  assert.equal((await at("2028-02-25T23:59:59Z")).code, 550, "a Friday, to the last second");
  assert.equal((await at("2027-02-27T12:00:00Z")).code, 550, "no leap year");
  assert.equal((await at("2100-02-27T12:00:00Z")).code, 550, "nor is 2100");
  assert.equal((await at("2028-02-26T12:00:00Z", "joe@example.com")).code, 550);
});
