/**
 * What happens in a chain.
 *
 * @module
 */
import { type Event, type Handler, named, type Step } from "postmaster";

/**
 * Logs what the handlers inside it do: one line a step, with the handler, the event it saw, what it passed on
 * and what it answered. Put it first to see all of them.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { impatient, trace } from "postmaster/handlers";
 *
 * export default chain(trace(), impatient({ bound: 3 }));
 * ```
 */
export function trace(): Handler {
  return named("trace", async (_event, next, session) => {
    if (session.depth > 0) return next(); // recorded already
    const { reply, steps } = await session.record(next);
    for (const step of steps) session.log(printStep(step));
    return reply;
  });
}

/** `0.1 local-hosts: AddRcptTo <joe@example.net>, passed on -> 250 recipient ok (0.2 ms)`. */
export function printStep(step: Step): string {
  const { handler, place, depth, event, passed, reply, milliseconds } = step;
  const inward = passed.length === 0
    ? "answered itself"
    : passed.map((inner) => inner === event ? "passed on" : `passed on ${printEvent(inner)}`)
      .join(", ");
  const answer = reply === undefined ? "nothing yet" : `${reply.code} ${reply.lines.join(" / ")}`;
  return `${depth}.${place} ${handler}: ${printEvent(event)}, ${inward} -> ${answer} ` +
    `(${milliseconds.toFixed(1)} ms)`;
}

function printEvent(event: Event): string {
  if ("mailbox" in event) return `${event.type} <${event.mailbox ?? ""}>`;
  if ("name" in event) return `${event.type} ${event.name}`;
  if ("limit" in event) return `${event.type} ${event.limit}`;
  return "command" in event ? `${event.type} ${event.command}` : event.type;
}
