/**
 * What the changes of operators make of recipients.
 * @module
 */
import type { QueuedRecipient } from "./entry.ts";
import type { Change } from "./store.ts";

/** A recipient after a change that means it. */
export function changedBy(recipient: QueuedRecipient, change: Change): QueuedRecipient {
  switch (change.kind) {
    case "hold":
      return { ...recipient, state: { at: "held", reason: change.reason } };
    case "release":
    case "retry":
      return { ...recipient, state: { at: "waiting", due: change.due } };
    case "reroute": {
      const { target, due } = change;
      const destination = change.destinations?.[recipient.key] ?? change.destination;
      const { state } = recipient;
      return {
        ...{ ...recipient, target, destination },
        state: state.at === "waiting" ? { at: "waiting", due } : state,
      };
    }
    case "bounce": {
      const { reason: refusal, due } = change;
      return { ...recipient, refusal, state: { at: "waiting", due } };
    }
    case "drop":
      return { ...recipient, state: { at: "ended", ending: "dropped", time: change.time } };
  }
}
