/**
 * What senders ask of the schedule, by the parameters of MAIL.
 * @module
 */
import type { Outcome, TargetType } from "../targets/target.ts";
import type { QueuedMessage } from "./entry.ts";
import { parameter } from "./report/parameter.ts";

/** By when a message should be there (RFC 2852). */
export interface Deadline {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** What happens then: the message fails, or the sender is told and it goes on. */
  readonly late: "return" | "notify";
  /** The sender is told when the message goes on to another server. */
  readonly trace: boolean;
}

/** What a sender asks of the schedule for a message. */
export interface Wishes {
  /** When the first attempt may be, in milliseconds since the epoch (RFC 4865). */
  readonly due: number;
  /** From -9 to 9 (RFC 6710). */
  readonly priority: number;
  readonly deadline: Deadline | undefined;
}

/** The wishes for a message. Times that count from MAIL count from the acceptance, which is a little later. */
export function wishesOf(
  { parameters, accepted }: Pick<QueuedMessage, "parameters" | "accepted">,
): Wishes {
  const until = parameter(parameters, "HOLDUNTIL")?.getTime();
  const seconds = parameter(parameters, "HOLDFOR") ?? 0;
  const by = parameter(parameters, "BY");
  return {
    due: Math.max(accepted, until ?? accepted + 1000 * seconds),
    priority: parameter(parameters, "MT-PRIORITY") ?? 0,
    deadline: by && {
      time: accepted + 1000 * by.seconds,
      late: by.late,
      trace: by.trace,
    },
  };
}

/**
 * Why a message is not tried (RFC 2852 section 4.1): its time is over, or it may only go on to a server that would return
 * it then, which no relay promises.
 *
 * @param target where it would go
 */
export function refusalBy(
  deadline: Deadline | undefined,
  target: Pick<TargetType, "relays" | "keepsDeadlines"> | undefined,
  now: number,
): Outcome | undefined {
  if (deadline?.late !== "return") return undefined;
  if (now >= deadline.time) return LATE;
  return target?.relays === true && target.keepsDeadlines !== true ? NO_PROMISE : undefined;
}

/** RFC 3463 section 3.5. */
const LATE: Outcome = {
  result: "failed",
  status: "5.4.7",
  reason: "the time that the sender set for the delivery is over",
};
/** RFC 3463 section 3.4. */
const NO_PROMISE: Outcome = {
  result: "failed",
  status: "5.3.3",
  reason: "the next server may not return the message in the time that the sender set",
};

/**
 * Whether a deadline has passed since the end of the attempt before, so that the sender is to be told now. Mail that is
 * to be returned then is not told of: it fails (RFC 2852).
 */
export const isMissed = (
  deadline: Deadline | undefined,
  before: number | undefined,
  now: number,
): boolean =>
  deadline?.late === "notify" && deadline.time <= now && (before ?? -Infinity) < deadline.time;

/** When the next attempt is due: at the deadline, if that comes first; at once if mail is late that is to be returned. */
export const dueBy = (deadline: Deadline | undefined, due: number, now: number): number =>
  deadline !== undefined && (deadline.time > now || deadline.late === "return")
    ? Math.min(due, Math.max(deadline.time, now))
    : due;
