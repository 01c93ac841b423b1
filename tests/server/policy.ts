/** The policy of the engine's tests: joe@example.net is delivered to, nobody else. */
import { type Handler, Mailbox, on, procmail } from "postmaster";

const joe = Mailbox.parse("joe@example.net");

export const onlyJoe: Handler = on(
  "AddRcptTo",
  ({ mailbox }, next) => mailbox.equals(joe) ? procmail("joe") : next(),
);
