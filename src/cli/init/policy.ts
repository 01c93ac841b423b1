/**
 * A first policy, and the session that tests it.
 *
 * @module
 */
import { FILES } from "./configuration.ts";
import type { Plan } from "./plan.ts";

/** A module of handlers. */
export const POLICY = `\
/**
 * The policy of this server: functions that answer what happens in a session, around the server itself.
 *
 * A handler answers, or asks the handlers further in by next(). After a change:
 *
 *   postmaster check --config ${FILES.configuration}
 *   postmaster simulate --config ${FILES.configuration} < ${FILES.transcript}
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

/** A session with a server that has this plan's configuration and {@linkcode POLICY}. */
export function transcript(
  { hostname, domains: { value: [domain = hostname.value] } }: Plan,
): string {
  return `\
# What the server must say, line by line. This plays it, and stops at what is different:
#
#   postmaster simulate --config ${FILES.configuration} --show-message < ${FILES.transcript}

S: 220 ${hostname.value} *
C: EHLO client.example.org
S: ...
C: MAIL FROM:<ann@example.org>
S: 250 *

# ${FILES.handlers}: no-reply
C: RCPT TO:<no-reply@${domain}>
S: 550 5.2.1 nobody reads mail for this address

# ${FILES.configuration}: domains, users and aliases
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
}
