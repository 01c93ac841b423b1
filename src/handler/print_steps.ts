/**
 * The steps of a chain as text: a line for each handler that an event went through.
 * @module
 */
import { printPath } from "../smtp/mailbox.ts";
import { printParameters } from "../smtp/parameters.ts";
import { printReply } from "../smtp/reply.ts";
import { type Event, type EventName, type EventOf, WITHOUT_STATUS } from "./event.ts";
import { headerChanges } from "./header_changes.ts";
import { BROKEN, type Reply, type Route } from "./reply.ts";
import type { Step } from "./supervisor.ts";

/**
 * A line for each step, below its event. Handlers that only passed on are at the same depth; the steps of a trigger,
 * or of a second question, are indented.
 *
 * ```text
 * AddRcptTo <sales@example.net>
 *   local-hosts  passed on (0.1 ms)
 *   alias        asked again (0.2 ms)
 *     AddRcptTo <gone@example.net>
 *       local-hosts  passed on (0.0 ms)
 *       alias        passed on (0.1 ms)
 *       local-users  answered 550 5.1.1 unknown recipient (0.1 ms)
 * ```
 *
 * The time is that of the handler alone, without the handlers that it asked.
 */
export const printSteps = (steps: readonly Step[]): string[] => steps.flatMap(printWay);

/** The steps of one event, from the handler of this step inwards. */
function printWay(first: Step): string[] {
  const way: Step[] = [];
  for (let step: Step | undefined = first; step !== undefined; step = onward(step)) way.push(step);
  const width = Math.max(...way.map(({ handler }) => handler.length));
  const lines = way.flatMap((step) => [
    `${step.handler.padEnd(width)}  ${printDeed(step)}${printTime(step)}`,
    ...(onward(step) === undefined ? indent(printSteps(step.inner)) : []),
  ]);
  return [printEvent(first.event), ...indent(lines)];
}

/** The step after one that asked once, and only further in. */
function onward({ inner, depth }: Step): Step | undefined {
  const [only, ...others] = inner;
  return others.length === 0 && only?.depth === depth ? only : undefined;
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/**
 * The time of the handler alone. A handler may ask several others at once, whose times together are longer than its
 * own.
 */
function printTime({ reply, milliseconds, inner }: Step): string {
  if (reply === undefined) return "";
  const own = inner.reduce((left, step) => left - step.milliseconds, milliseconds);
  return ` (${Math.max(0, own).toFixed(1)} ms)`;
}

function printDeed(step: Step): string {
  const { event, passed, inner, depth, reply } = step;
  const [only, ...others] = passed;
  const triggered = inner.filter((each) => each.depth > depth).length;
  const deeds: string[] = [];
  if (others.length > 0) deeds.push(`passed on ${passed.length} times`);
  else if (only !== undefined) deeds.push(`passed on${printChange(event, only)}`);
  if (triggered > 0) deeds.push(`asked again${triggered > 1 ? ` ${triggered} times` : ""}`);
  if (answererOf(step) === step) deeds.push(printOwn(reply, event.type));
  return deeds.join(", ");
}

/** The step whose handler made the reply of this step, or has not answered, like this one. */
export function answererOf(step: Step): Step {
  const inside = step.inner.findLast(({ reply }) => reply === step.reply);
  return inside === undefined ? step : answererOf(inside);
}

function printOwn(reply: Reply | undefined, type: EventName): string {
  if (reply === undefined) return "has not answered";
  return `${reply === BROKEN ? "failed:" : "answered"} ${printAnswer(reply, type)}`;
}

/** `550 5.1.1 unknown recipient`; several lines are one, with slashes between them. */
function printAnswer({ hold, lines, ...reply }: Reply, type: EventName): string {
  if (hold !== undefined) return `hold: ${hold}`;
  return printReply({ ...reply, lines: [lines.join(" / ")] }, !WITHOUT_STATUS.has(type)).trimEnd();
}

function printChange(event: Event, passed: Event): string {
  if (passed === event) return "";
  const [before, after] = [event, passed].map(printEvent);
  if (before !== after) return ` as ${after}`;
  return event.type === "Deliver" && passed.type === "Deliver" ? printRevision(event, passed) : "";
}

function printRevision(event: EventOf<"Deliver">, changed: EventOf<"Deliver">): string {
  const { body, routes, hold, deliver } = changed;
  const changes = headerChanges(event.body, body).join(", ");
  return (body === event.body ? "" : ` with another body${changes && ` (${changes})`}`) +
    (routes === event.routes ? "" : ` for ${routes.map(printRoute).join(", ") || "nobody"}`) +
    (hold === event.hold ? "" : ` on hold: ${hold}`) +
    (deliver === event.deliver ? "" : ` to be delivered ${deliver}`);
}

const printRoute = ({ recipient, target }: Route): string => `${recipient} (${target.target})`;

/** `AddRcptTo <joe@example.net>`: the name of an event and what the client said in it. */
export function printEvent(event: Event): string {
  if (event.type === "Deliver") return event.type;
  if (event.type === "SetMailFrom" || event.type === "AddRcptTo") {
    const exactly = event.type === "AddRcptTo" && event.exact ? " exactly" : "";
    return `${event.type} ${printPath(event.mailbox)}${
      printParameters(event.parameters)
    }${exactly}`;
  }
  if (event.type === "BeforeDelivery") return `${event.type} ${printRoute(event.route)}`;
  if (event.type === "AfterDelivery") {
    return `${event.type} ${printRoute(event.route)} ${event.ending}`;
  }
  const { type, ...carried } = event;
  const [said] = Object.values(carried);
  return typeof said === "string" && said !== "" ? `${type} ${said}` : type;
}
