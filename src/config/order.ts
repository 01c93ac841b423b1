/**
 * Orders of handlers that make no sense.
 * @module
 */
import { readyMade } from "../../handlers/registry.ts";
import type { Part } from "../handler/define.ts";
import type { EventName } from "../handler/event.ts";
import { eventsOf } from "../handler/handler.ts";
import type { HandlerEntry } from "./config.ts";
import type { Problem } from "../base/problem.ts";

/** What there is to say of a handler because of those before it. Only the ready-made ones are known well enough. */
export function orderWarnings(handlers: readonly HandlerEntry[]): Problem[] {
  return handlers.flatMap((handler, i) => {
    const before = handlers.slice(0, i);
    const message = neverAsked(handler, before) ?? unchecked(handler, before) ??
      miscounted(handler, before);
    return message === undefined ? [] : [{ ...handler.place, message }];
  });
}

/** Every event that the handler answers is answered before. */
function neverAsked({ name, source }: HandlerEntry, before: readonly HandlerEntry[]) {
  const events = "handler" in source ? eventsOf(source.handler) : undefined;
  if (events === undefined) return undefined;
  const enders = [...events].map((event) => before.find((one) => ends(one).includes(event)));
  const [ender] = enders;
  return ender === undefined || enders.includes(undefined)
    ? undefined
    : `\`${name}\` is never asked: \`${ender.name}\` answers before it; put it first`;
}

/** Some recipients do not reach a check. */
function unchecked(handler: HandlerEntry, before: readonly HandlerEntry[]) {
  const { name, source } = handler;
  const looksAtRecipients = "handler" in source && eventsOf(source.handler)?.has("AddRcptTo");
  if (partOf(handler) !== "checks" || !looksAtRecipients) return undefined;
  const other = before.find((one) => partOf(one) === "accepts");
  return other && `\`${name}\` is not asked for the recipients that \`${other.name}\` accepts ` +
      "before it; put it first";
}

/** What is counted as refused may still be accepted. */
function miscounted(handler: HandlerEntry, before: readonly HandlerEntry[]) {
  if (partOf(handler) !== "counts") return undefined;
  const other = before.find((one) => partOf(one) === "asks again");
  return other && `\`${handler.name}\` takes for refused what \`${other.name}\` before it may ` +
      "still accept; put it first";
}

const readyMadeOf = ({ name, source }: HandlerEntry) =>
  "handler" in source ? readyMade.get(name) : undefined;

const partOf = (entry: HandlerEntry): Part | undefined => readyMadeOf(entry)?.part;

const ends = (entry: HandlerEntry): readonly EventName[] =>
  readyMadeOf(entry)?.ends?.(entry.source.options) ?? [];
