/**
 * What the tests of shadows and of replays share: handlers, and a session with them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { codes, ENVELOPE, type Running } from "../running.ts";

/** A module that answers `AddRcptTo` with this code. */
export const atRcpt = (code: string) => `
import { on, say } from "postmaster";
export default on("AddRcptTo", async (event, next, session) => {
  ${code}
  return next();
});
`;

export const LIVE = atRcpt(
  `if (event.mailbox.local === "nobody") return say(5, 5, 0, "not here", "5.1.1");`,
);

/**
 * A module that answers `BeforeDelivery` with this code, and puts into the log what it sees of the session and of what
 * became of an attempt.
 */
export const atDelivery = (code: string) => `
import { chain, discard, on, say } from "postmaster";
export default chain(
  on("BeforeDelivery", (event, next) => {
    const { route, attempt } = event;
    const to = route.recipient.local;
    const elsewhere = () => next({ ...event, route: { ...route, target: discard() } });
    ${code}
    return next();
  }),
  on("AfterDelivery", ({ route, attempt, ending, next: later }, next, session) => {
    const { mailFrom, recipients, transaction, helo } = session;
    const seen = [mailFrom, recipients, transaction.routes.length, helo.name, attempt, ending];
    session.log([...seen, later === undefined || later > new Date(0)].join(" "));
    return next();
  }),
);
`;

/** What {@linkcode atDelivery} logs of the mail of a {@linkcode visit}. */
export const SEEN = [
  ...["ann@example.org you@example.net 1 c.example 1 delivered true"],
  ...["ann@example.org jane@example.net 1 c.example 1 delivered true"],
];

/** A session: a message to you, one to jane, and a recipient that is refused. */
export async function visit(server: Running): Promise<void> {
  const client = await server.connect();
  assert.deepEqual(await codes(client, "EHLO c.example", ...ENVELOPE), [250, 250, 250, 354]);
  assert.deepEqual(await codes(client, "Subject: hello\r\n\r\nhello\r\n."), [250]);
  const again = ["MAIL FROM:<ann@example.org>", "RCPT TO:<jane@example.net>"];
  assert.deepEqual(await codes(client, ...again, "RCPT TO:<nobody@example.net>"), [250, 250, 550]);
  assert.deepEqual(await codes(client, "DATA", "Subject: two\r\n\r\nhello\r\n."), [354, 250]);
  assert.deepEqual(await codes(client, "QUIT"), [221]);
}

/** The events of a {@linkcode visit}. */
export const EVENTS = 12;
