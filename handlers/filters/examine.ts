/**
 * Filters that are given whole messages.
 * @module
 */
import {
  type EventOf,
  type Handler,
  headerField,
  inspect,
  isIn,
  type Next,
  on,
  prepend,
  type Reply,
  say,
  type Session,
} from "postmaster";
import { TOO_BIG } from "../held_header.ts";
import { type Aside, putAside } from "../quarantine.ts";
import { DEFERRED, failedField, FilterFault } from "./failure.ts";
import { headed, together } from "./headed.ts";
import type { EditableHeader } from "./header.ts";
import type { Asking } from "./options.ts";
import { Places } from "./places.ts";
import { type FilterVerdict, filterVerdicts } from "./verdicts.ts";

/** A message that a filter is asked about. */
export interface Mail {
  /** The size in octets. */
  readonly size: number;
  /** The message, to be read any number of times. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly event: EventOf<"Deliver">;
  readonly session: Session;
  /** Aborted when nobody waits for the filter any more. */
  readonly signal: AbortSignal;
}

/** What becomes of a message. */
export interface Judgement {
  readonly verdict: Omit<FilterVerdict, "filter">;
  /** The message ends here. */
  readonly reply?: Reply;
  /** Changes of the header. */
  readonly edit?: (header: EditableHeader) => void;
  /** Where the message is put, and why. */
  readonly aside?: { readonly to: Aside; readonly reason: string };
  /** The message that is passed on. */
  readonly change?: (event: EventOf<"Deliver">) => Promise<EventOf<"Deliver"> | Reply>;
}

/** Asks a filter about a message. */
export type Ask = (mail: Mail) => Promise<Judgement>;

/** The filter takes no message of this size. */
export class TooLarge extends Error {}

const TOO_LARGE = say(4, 5, 2, "the message is too large to be examined", "4.3.4");

/** A handler that asks the filter about each message, and does what the filter says. */
export function examining(name: string, asking: Asking, ask: Ask): Handler {
  const places = new Places(asking.connections);
  return on("Deliver", (event, next, session) => {
    if (session.user !== undefined && !asking.users) return next();
    if (isIn(session.peer.address, asking.except)) return next();
    return inspect(event, session, async ({ size, body }) => {
      const whole = { ...event, body };
      const judged = await judge(name, asking, places, ask, { size, body, event: whole, session });
      const { verdict } = judged;
      session.update(filterVerdicts, (old) => [...old, { filter: name, ...verdict }]);
      return await pass(judged, whole, next, session);
    });
  });
}

async function judge(
  name: string,
  { timeout, onFailure, maxSize, onTooLarge }: Asking,
  places: Places,
  ask: Ask,
  mail: Omit<Mail, "signal">,
): Promise<Judgement> {
  const { session, size } = mail;
  const unexamined = (): Judgement => {
    session.log("too large for a filter", { filter: name, size });
    const verdict = { result: "unexamined" } as const;
    return onTooLarge === "defer"
      ? { verdict, reply: TOO_LARGE }
      : { verdict, ...onTop(headerField("X-Filter-Skipped", `${name}: the message is too large`)) };
  };
  if (size > (maxSize ?? Infinity)) return unexamined();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeout);
  const signal = AbortSignal.any([deadline.signal, mail.event.signal]);
  try {
    return await places.run(signal, () => ask({ ...mail, signal }));
  } catch (error) {
    mail.event.signal.throwIfAborted();
    if (error instanceof TooLarge) return unexamined();
    const isLate = deadline.signal.aborted;
    if (!(error instanceof FilterFault) && !isLate) throw error;
    const reason = isLate
      ? `it does not answer within ${timeout / 1000} s`
      : (error as Error).message;
    session.warn("a filter fails", { filter: name, error: reason });
    const verdict = { result: "failed" } as const;
    return onFailure === "defer"
      ? { verdict, reply: DEFERRED }
      : { verdict, ...onTop(failedField(name)) };
  } finally {
    clearTimeout(timer);
  }
}

/** A field that is put on top. */
const onTop = (field: string): Pick<Judgement, "change"> => ({
  change: (event) => Promise.resolve({ ...event, body: prepend(event.body, field) }),
});

async function pass(
  { reply, edit, change, aside }: Judgement,
  event: EventOf<"Deliver">,
  next: Next<"Deliver">,
  session: Session,
): Promise<Reply> {
  if (reply !== undefined) return reply;
  let passed = event;
  if (edit !== undefined) {
    const message = await headed(event.body);
    if (message === undefined) return TOO_BIG;
    edit(message.header);
    passed = { ...event, body: together(message.header.octets(), message.rest) };
  }
  const changed = await change?.(passed) ?? passed;
  if ("code" in changed) return changed;
  return aside === undefined
    ? await next(changed)
    : await putAside(aside.to, aside.reason, changed, next, session);
}
