/**
 * A first policy, and the session that tests it.
 * @module
 */
import type { Values } from "./machine.ts";

/** A module of handlers. */
export const POLICY = `\
/**
 * The policy of this server. A handler answers an event of a session, or has the next handler answer.
 *
 * After a change:
 *
 *   postmaster check --config postmaster.yaml
 *   postmaster simulate --config postmaster.yaml < handlers_test.txt
 *
 * and start the server again.
 */
import { chain, headerField, named, on, prepend, say } from "postmaster";

/** Refuses mail for an address that nobody reads, so that the sender knows at once. */
const noReply = on("AddRcptTo", ({ mailbox }, next) => {
  const isUnread = mailbox.local.toLowerCase() === "no-reply";
  return isUnread ? say(5, 5, 0, "nobody reads mail for this address", "5.2.1") : next();
});

/** Writes on top of each message which client brought it: the field X-Client. */
const stamp = on("Deliver", (event, next, { peer }) => {
  const field = headerField("X-Client", peer.address);
  return next({ ...event, body: prepend(event.body, field) });
});

/** The outermost first. Each has a name, which logs and \`postmaster route --explain\` call it by. */
export default chain(named("no-reply", noReply), named("stamp", stamp));
`;

/** A session with a server that has {@linkcode POLICY}. */
export const transcript = ({ hostname, domains: [domain] }: Values): string =>
  `\
# What the server must say, line by line. This plays it, and stops at what is different:
#
#   postmaster simulate --config postmaster.yaml --show-message < handlers_test.txt

S: 220 ${hostname} *
C: EHLO client.example.org
S: ...
C: MAIL FROM:<ann@example.org>
S: 250 *

# handlers.ts: no-reply
C: RCPT TO:<no-reply@${domain}>
S: 550 5.2.1 nobody reads mail for this address

# postmaster.yaml: domains, users and aliases
C: RCPT TO:<ann@elsewhere.example>
S: 550 5.7.1 relaying denied
C: RCPT TO:<no.such.user@${domain}>
S: 550 5.1.1 unknown recipient
C: RCPT TO:<postmaster@${domain}>
S: 250 *
C: DATA
S: 354 *
C: Subject: hello
C:
C: Hello, postmaster.
C: .
S: 250 *
C: QUIT
S: 221 *
S: closed
`;
