/**
 * What the client is told of a message, made of what became of it.
 * @module
 */
import { BROKEN, type Reply, say, withEach } from "../handler/reply.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Arrival } from "./acceptance.ts";
import type { Route } from "../handler/reply.ts";
import type { Outcome } from "../targets/target.ts";

/** The mail is safe in the queue. */
export const QUEUED = { result: "queued" } as const;

/** What became of the mail of some routes by the time of the reply. */
export interface SoFar {
  readonly routes: readonly Route[];
  readonly outcome: Outcome | typeof QUEUED;
}

/** The reply to a message; in LMTP with one for each recipient. */
export function replyTo(
  results: readonly SoFar[],
  { envelope: { id }, recipients }: Pick<Arrival, "envelope" | "recipients">,
): Reply {
  const reply = together(results, id);
  return recipients === undefined ? reply : withEach(reply, each(results, recipients, reply, id));
}

/**
 * One reply for several outcomes. As long as one mail is deferred, and not in the queue, the client has to try again:
 * those who have the message get it twice, which is better than a loss (RFC 5321 section 6.1). Otherwise it succeeds if
 * one mail was delivered or is in the queue.
 */
function together(results: readonly SoFar[], id: string): Reply {
  const outcomes = results.map(({ outcome }) => outcome);
  const has = (result: SoFar["outcome"]["result"]) =>
    outcomes.some((outcome) => outcome.result === result);
  if (!has("deferred") && (has("queued") || has("delivered"))) {
    return say(2, 5, 0, `ok: ${has("queued") ? "queued" : "delivered"} as ${id}`, "2.0.0");
  }
  const refusals = outcomes.filter((outcome) => "status" in outcome);
  const worst = refusals.find(({ result }) => result === "deferred") ?? refusals[0];
  if (worst === undefined) return BROKEN;
  const code = worst.result === "deferred" ? 451 : 554;
  return { code, enhanced: worst.status, lines: [worst.reason] };
}

/**
 * A reply for each recipient. Routes that handlers have added belong to the message: all recipients wait until these
 * are delivered. A recipient whose routes a handler has replaced gets the `whole` reply.
 */
function each(
  results: readonly SoFar[],
  recipients: readonly Mailbox[],
  whole: Reply,
  id: string,
): readonly Reply[] {
  const byRecipient = Map.groupBy(
    results.flatMap((result) => result.routes.map(({ original }) => ({ original, result }))),
    ({ original }) => original,
  );
  const of = (recipient: Mailbox | undefined) =>
    (byRecipient.get(recipient) ?? []).map(({ result }) => result);
  const added = of(undefined).filter(({ outcome }) => outcome.result === "deferred");
  return recipients.map((recipient) => {
    const own = of(recipient);
    return own.length === 0 ? whole : together([...own, ...added], id);
  });
}
