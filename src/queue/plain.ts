/**
 * Between what handlers and targets use and the plain data of the queue.
 * @module
 */
import type { Route } from "../handler/reply.ts";
import { Mailbox, pathOf } from "../smtp/mailbox.ts";
import { parametersOf, plainParameters } from "../smtp/parameters.ts";
import type { Envelope } from "../targets/target.ts";
import type { NewRecipient, Origin, QueuedMessage, RecipientState } from "./entry.ts";

/** The recipient that a route is for. */
export const recipientOf = (
  { recipient, user, extension, original, parameters, decidedBy, target, copy = false }: Route,
  facts: { readonly destination: string; readonly state: RecipientState },
): NewRecipient => ({
  recipient: String(recipient),
  user,
  extension,
  original: original && String(original),
  parameters: parameters === undefined ? {} : plainParameters(parameters),
  target,
  copy,
  decidedBy,
  ...facts,
});

/** The route of a recipient. */
export function routeOf(queued: NewRecipient): Route {
  const { recipient, user, extension, original, parameters, target, copy } = queued;
  return Object.freeze({
    recipient: Mailbox.parse(recipient),
    target,
    parameters: parametersOf(parameters),
    ...user === undefined ? {} : { user },
    ...extension === undefined ? {} : { extension },
    ...original === undefined ? {} : { original: Mailbox.parse(original) },
    ...copy ? { copy } : {},
  });
}

/**
 * The address that answers for a message. Who speaks LMTP only delivers mail that others have accepted, and a server that
 * names its client by XFORWARD passes on mail of that client.
 */
export const sourceOf = (
  { listener, peer, forwarded }: Pick<Origin, "listener" | "peer" | "forwarded">,
): string | undefined => listener.kind === "lmtp" ? undefined : forwarded ?? peer;

/** What targets learn of a message. */
export const envelopeOf = (
  { id, sender, parameters, origin, accepted }: QueuedMessage,
): Envelope => ({
  id,
  accepted,
  parameters: parametersOf(parameters),
  session: origin.session,
  sender: pathOf(sender),
  peer: origin.peer,
  source: sourceOf(origin),
  isOwn: origin.user !== undefined || origin.made !== undefined,
  helo: origin.helo?.name ?? "",
  hostname: origin.hostname,
});
