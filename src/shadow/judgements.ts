/**
 * What live handlers and candidates say of an event, in one form.
 * @module
 */
import type { Event } from "../handler/event.ts";
import { printEvent } from "../handler/print_steps.ts";
import { isPositive, type Reply } from "../handler/reply.ts";
import { type Judgement, judgementOf } from "../handler/verdict_difference.ts";
import { printPath } from "../smtp/mailbox.ts";
import type { ObservedEvent, Reached } from "./observed.ts";
import { changesBetween, outlineOf } from "./outline.ts";

/** Who decides on a message that a handler has accepted without passing it on. */
const NOBODY = "not passed on";

type Pieces = readonly Uint8Array[];

export const judgementOfLive = (told: ObservedEvent, pieces: Pieces): Judgement =>
  judgement(told.event, told.reached, pieces, told.reply, told.handler);

export const judgementOfShadow = (
  { event }: ObservedEvent,
  reached: Reached | undefined,
  pieces: Pieces,
  reply: Reply,
  handler: string,
): Judgement => judgement(event, reached, pieces, reply, handler);

function judgement(
  event: Event,
  reached: Reached | undefined,
  pieces: Pieces,
  reply: Reply,
  handler: string,
): Judgement {
  const { sender, user } = reply;
  if (event.type === "Deliver") return ofMessage(reached, pieces, reply, handler);
  const changes = [
    ...event.type === "SetMailFrom" && sender !== undefined ? [`sender ${printPath(sender)}`] : [],
    ...user === undefined ? [] : [`user ${user}`],
  ];
  return { ...judgementOf(reply, handler), ...changes.length > 0 ? { changes } : {} };
}

/** A message that does not come to the core goes nowhere, whatever the client is told. */
function ofMessage(
  reached: Reached | undefined,
  pieces: Pieces,
  reply: Reply,
  handler: string,
): Judgement {
  const { routes, sender, hold, deliver, message } = reached ?? {};
  const changes = [
    ...sender === undefined ? [] : [`sender ${printPath(sender)}`],
    ...deliver === undefined ? [] : [`deliver ${deliver}`],
    ...message === undefined ? [] : changesBetween(outlineOf(pieces), message),
  ];
  const decider = reached === undefined && isPositive(reply) ? NOBODY : handler;
  return {
    ...judgementOf(routes === undefined ? reply : { ...reply, routes }, decider),
    ...hold === undefined ? {} : { hold },
    ...changes.length > 0 ? { changes } : {},
  };
}

/** An event with what the client said in it, but for what may be a password at the wrong place. */
export const eventInWords = (event: Event): string =>
  event.type === "Unrecognized" || event.type === "SyntaxErrorIn" ? event.type : printEvent(event);
