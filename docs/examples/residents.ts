/**
 * Joe and Jane live here. What Joe writes to Jane, her husband reads as well.
 *
 * @module
 */
import { Mailbox, on, procmail, relay, say } from "postmaster";

const joe = Mailbox.parse("joe@example.net");
const jane = Mailbox.parse("jane@example.net");
const admin = Mailbox.parse("janes.husband@example.com");

export default on("AddRcptTo", ({ mailbox }, _next, session) => {
  if (mailbox.equals(joe)) return procmail("joe");
  if (mailbox.equals(jane)) {
    const copies = session.mailFrom?.equals(joe) ? [relay([admin])] : [];
    return [procmail("jane"), ...copies];
  }
  return say(5, 5, 3, "unknown recipient", "5.1.1");
});
