/**
 * The signatures of a message, examined once for all handlers of a chain.
 * @module
 */
import {
  type EventOf,
  inspect,
  type MaybePromise,
  type Network,
  type Next,
  type Reply,
  type Session,
  variable,
} from "postmaster";
import { kinds, SignatureCheck, type SignaturesFound, type z } from "postmaster/making";
import { isTrusted, trustedClients } from "./trusted_clients.ts";

const found = variable("transaction", "signatures", (): SignaturesFound | undefined => undefined);

/** Options of a handler that examines signatures, for a configuration. */
export const signatureOptions = {
  signatures: kinds.count(1).default(10).describe(
    "The most DKIM signatures of a message that are examined, from the top.",
  ),
  timeout: kinds.duration(1).prefault("20 s").describe(
    "The time in which the DNS must have given all keys. Then those that are missing count as not to be had now.",
  ),
  except: trustedClients,
} satisfies z.ZodRawShape;

/** Options of a handler that examines signatures. */
export interface ExaminingOptions {
  /** The most DKIM signatures of a message that are examined, from the top. */
  readonly signatures?: number;
  /** The time in which the DNS must have given all keys. Then those that are missing count as not to be had now. */
  readonly timeout?: number | string;
  /**
   * The networks whose clients are trusted: they are not checked. Clients of Unix sockets are not checked, either.
   */
  readonly except?: string | readonly string[];
}

/** How a message is examined. */
export interface Examining {
  readonly signatures: number;
  readonly timeout: number;
  readonly except: readonly Network[];
}

/**
 * Examines a message, unless a handler further out has done it, before the handlers further in get the message. What
 * users and trusted clients send is passed on as it is.
 *
 * @param then is given what was found, and the event to pass on
 */
export function examine(
  event: EventOf<"Deliver">,
  next: Next<"Deliver">,
  session: Session,
  { signatures: most, timeout, except }: Examining,
  then: (found: SignaturesFound, event: EventOf<"Deliver">) => MaybePromise<Reply>,
): MaybePromise<Reply> {
  if (isTrusted(session, except)) return next();
  const known = session.get(found);
  if (known !== undefined) return then(known, event);
  const { dns: resolver, time: now } = session;
  const check = new SignatureCheck({ resolver, now, most, lookups: { timeout } });
  return inspect({ body: check.through(event.body) }, session, async ({ body }) => {
    const signatures = await check.found();
    session.set(found, signatures);
    return await then(signatures, { ...event, body });
  });
}
