/**
 * Parts of sessions in lines for people, and as JSON.
 * @module
 */
import { plainEvent, plainReply } from "../../explain/plain.ts";
import type { Part, PlainAsked } from "../../explain/part.ts";
import { type Told, told } from "../../explain/steps.ts";
import { type Event, WITHOUT_STATUS } from "../../handler/event.ts";
import { printSteps } from "../../handler/print_steps.ts";
import type { Reply } from "../../handler/reply.ts";
import type { Step } from "../../handler/supervisor.ts";
import { printRoutes } from "../../handler/verdict_difference.ts";
import type { Trace } from "../../queue/store.ts";
import { printReply } from "../../smtp/reply.ts";
import { lifeAsJson, recipientLines } from "../queue/life.ts";

/** A part, event by event, and what the queue did with its message. */
export function partLines(part: Part, trace: Trace | undefined, now: number): string[] {
  const { message, omitted = 0, last, queued } = part;
  return [
    ...clientLines(part),
    ...part.events.flatMap(askedLines),
    ...omitted === 0 ? [] : [`  (${omitted} further events are not kept)`],
    ...message === undefined ? [] : [`  message ${message.id}, ${message.size} octets`],
    ...last && queued === undefined ? [`  +${part.until - part.begun} ms  end of the session`] : [],
    ...trace === undefined ? [] : trace.recipients
      .flatMap((recipient) => recipientLines(recipient, now))
      .map((line) => `  ${line}`),
  ];
}

function clientLines(
  { session, part, begun, queued, peer, named, listener, tls, user, helo }: Part,
): string[] {
  const more = part === 0 ? "" : `, part ${part + 1}`;
  const time = new Date(begun).toISOString();
  const via = named ? ", named by another server" : "";
  if (queued !== undefined) {
    const { id, mailFrom } = queued;
    return [
      `message ${id} in the queue, ${time}`,
      `  from <${mailFrom ?? ""}>, session ${session}`,
    ];
  }
  return [
    `session ${session}${more}, ${time}`,
    `  client: ${peer.address} port ${peer.port}${via}`,
    `  listener: ${listener.address} (${listener.kind})`,
    ...helo === undefined ? [] : [`  greeting: ${helo.extended ? "EHLO" : "HELO"} ${helo.name}`],
    `  tls: ${tls === undefined ? "none" : `${tls.protocol}, ${tls.cipher}`}`,
    ...user === undefined ? [] : [`  user: ${user}`],
  ];
}

/**
 * An event with its steps, as a simulation prints them, and where mail goes; also the answer, if it is not that of the
 * handlers.
 */
function askedLines(asked: PlainAsked): string[] {
  const { event, steps, reply } = told(asked);
  const [first = event.type, ...more] = printSteps(steps);
  return [
    `  +${Math.round(asked.at / 1000)} ms  ${first}`,
    ...more.map((line) => `    ${line}`),
    ...asked.reply === undefined ? [] : [
      `    -> ${reply === undefined ? "nobody waited for the answer" : printAnswer(event, reply)}`,
    ],
    ...printRoutes(reply?.routes ?? []).map((route) => `    -> ${route}`),
  ];
}

const printAnswer = ({ type }: Event, { lines, ...reply }: Reply): string =>
  printReply({ ...reply, lines: [lines.join(" / ")] }, !WITHOUT_STATUS.has(type)).trimEnd();

/** A part as a JSON object. */
export function partAsJson(part: Part, trace: Trace | undefined): object {
  const { begun, until, message, queued, events, last, omitted, ...client } = part;
  return {
    ...client,
    begun: new Date(begun).toISOString(),
    until: new Date(until).toISOString(),
    last: last ?? false,
    message: message ?? null,
    queued: queued ?? null,
    omitted: omitted ?? 0,
    events: events.map((asked) => ({
      at: asked.at / 1000,
      took: asked.took / 1000,
      ...toldAsJson(told(asked)),
    })),
    queue: trace === undefined ? null : lifeAsJson(trace),
  };
}

const toldAsJson = ({ event, steps, reply }: Told): object => ({
  event: plainEvent(event),
  reply: reply === undefined ? null : plainReply(reply),
  steps: steps.map(stepAsJson),
});

const stepAsJson = ({ handler, milliseconds, event, passed, reply, inner }: Step): object => ({
  handler,
  milliseconds,
  event: plainEvent(event),
  passed: passed.map(plainEvent),
  reply: reply === undefined ? null : plainReply(reply),
  steps: inner.map(stepAsJson),
});
