/**
 * The fields of every line of the log about a session or a message.
 * @module
 */
import type { Field, LogFields, OfSession } from "../log/event.ts";
import { type Mailbox, printPath } from "../smtp/mailbox.ts";

interface Known {
  readonly id: string;
  readonly peer: { readonly address: string };
  readonly helo: { readonly name: string } | undefined;
  readonly user: string | undefined;
  readonly transaction: { readonly id: string; readonly mailFrom: Mailbox | null } | undefined;
}

/** The fields of a session. */
export const sessionFields = (
  { id: session, peer, helo, user, transaction }: Known,
): OfSession => ({
  session,
  peer: peer.address,
  helo: helo?.name,
  user,
  id: transaction?.id,
  sender: transaction === undefined ? undefined : printPath(transaction.mailFrom),
});

/**
 * The fields of a line that a handler logs: its own may replace those of the transaction, but not those of the
 * client.
 */
export const handlerFields = (
  session: Known,
  text: string,
  fields: Readonly<Record<string, Field>>,
): LogFields["handler"] => {
  const known = sessionFields(session);
  return { ...known, ...fields, session: known.session, peer: known.peer, text };
};

/** The client that sent a message, and the message. */
export const messageFields = (
  { session, peer, helo, id, sender }: {
    readonly session: string;
    readonly peer: string;
    readonly helo: string;
    readonly id: string;
    readonly sender: Mailbox | null;
  },
): OfSession & { readonly id: string; readonly sender: string } => ({
  session,
  peer,
  helo: helo || undefined,
  id,
  sender: printPath(sender),
});
