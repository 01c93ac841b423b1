/**
 * Which recipients a command is for: its options and arguments.
 * @module
 */
import { type Command, Option } from "commander";
import { parseDuration } from "../../base/units.ts";
import { REFUSAL_KINDS, type RefusalKind } from "../../handler/outcome.ts";
import type { StateName } from "../../queue/entry.ts";
import type { Filter } from "../../queue/store.ts";
import { argument, each } from "../argument.ts";

/** The options. */
export interface FilterFlags {
  readonly to?: string;
  readonly from?: string;
  readonly domain?: string;
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly state?: readonly StateName[];
  readonly reason?: string;
  readonly kind?: RefusalKind;
  readonly target?: string;
  readonly user?: string;
}

/** Every state, for those who only look. */
export const ALL_STATES: readonly StateName[] = ["waiting", "active", "held", "ended"];
/** The states of mail that can still change. */
export const OPEN_STATES: readonly StateName[] = ["waiting", "active", "held"];

/** A text that is not empty: an empty one would be a part of every other. */
export const someText = argument((text) => {
  if (text.trim() !== "") return text;
  throw new TypeError("It is empty, and would match all: leave it out, or write what is meant.");
});

/** Adds the options, and the queue ids as arguments. */
export function withFilter(command: Command, states: readonly StateName[]): Command {
  const text = (flags: string, description: string) =>
    new Option(flags, description).argParser(someText);
  const parseState = argument((text) => {
    const state = states.find((state) => state === text);
    if (state !== undefined) return state;
    throw new TypeError(`Write one of ${states.join(", ")}.`);
  });
  const parseKind = argument((text) => {
    const kind = REFUSAL_KINDS.find((kind) => kind === text);
    if (kind !== undefined) return kind;
    throw new TypeError(`Write one of ${REFUSAL_KINDS.join(", ")}.`);
  });
  return command
    .argument("[id...]", "queue ids of messages", each(someText))
    .addOption(text("--to <text>", "a part of the recipient's address"))
    .addOption(text("--from <text>", "a part of the sender's address; <> is the null sender"))
    .addOption(text("--domain <domain>", "the domain of the recipient"))
    .addOption(
      new Option("--older-than <duration>", "accepted longer ago than this, such as 4h or 2d")
        .argParser(argument(parseDuration)),
    )
    .addOption(
      new Option(
        "--state <state>",
        `${states.join(", ")}; may be repeated; by default all that has not ended`,
      ).argParser(each(parseState)),
    )
    .addOption(text("--reason <text>", "a part of why it waits, is held or has failed"))
    .addOption(
      new Option("--kind <kind>", `what another server said: ${REFUSAL_KINDS.join(", ")}`)
        .argParser(parseKind),
    )
    .addOption(text("--target <name>", "the target that it goes to, such as mailer or relay"))
    .addOption(text("--user <name>", "the user who sent it"));
}

/** The filter that options and queue ids make; `undefined` if they say nothing. */
export function filterOf(ids: readonly string[], flags: FilterFlags): Filter | undefined {
  const { to, from, domain, olderThan, state, reason, kind, target, user } = flags;
  const filter: Filter = {
    ...ids.length === 0 ? {} : { ids: ids.map((id) => id.toUpperCase()) },
    ...to === undefined ? {} : { to },
    ...from === undefined ? {} : { from },
    ...domain === undefined ? {} : { domain },
    ...olderThan === undefined ? {} : { before: Date.now() - olderThan },
    ...state === undefined ? {} : { states: state },
    ...reason === undefined ? {} : { reason },
    ...kind === undefined ? {} : { kind },
    ...target === undefined ? {} : { target },
    ...user === undefined ? {} : { user },
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}
