/**
 * What every line of the log about a session or a message says of it.
 *
 * @module
 */
import type { Field, LogFields, OfSession } from "../log/event.ts";
import { type Mailbox, printPath } from "../smtp/mailbox.ts";

interface Known {
  readonly id: string;
  readonly peer: { readonly address: string };
  readonly helo: { readonly name: string } | undefined;
  readonly transaction: { readonly id: string; readonly mailFrom: Mailbox | null } | undefined;
}

/** Who a session is with. */
export const sessionFields = (
  { id: session, peer, helo, transaction }: Known,
): OfSession => ({
  session,
  peer: peer.address,
  helo: helo?.name,
  id: transaction?.id,
  sender: transaction === undefined ? undefined : printPath(transaction.mailFrom),
});

/** What a handler logs: its own fields may say more of the transaction, but nothing else of who the client is. */
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
