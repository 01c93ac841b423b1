/**
 * Which recipients operators mean.
 * @module
 */
import { refusalKind } from "../handler/outcome.ts";
import type { StateName } from "./entry.ts";
import type { Change, Filter, Listed } from "./store.ts";

/** The states in which a change means a recipient. */
export const MEANT: Readonly<Record<Change["kind"], readonly StateName[]>> = {
  hold: ["waiting", "active"],
  release: ["held"],
  retry: ["waiting"],
  reroute: ["waiting", "held"],
  bounce: ["waiting", "held"],
  drop: ["waiting", "active", "held"],
};

/** Whether a change means a recipient that its filter means. */
export const mayChange = (
  { key, state }: Listed["recipient"],
  change: Change,
): boolean =>
  MEANT[change.kind].includes(state.at) &&
  (change.kind !== "reroute" || change.destinations === undefined || key in change.destinations);

/** Whether a filter means a recipient. */
export function matches(filter: Filter, { message, recipient }: Listed): boolean {
  const { ids, to, from, domain, before, states, reason, kind, target, user } = filter;
  const { state, last } = recipient;
  const said = `${last?.outcome.reason ?? ""} ${reasonOf(recipient.state)}`;
  return [
    states === undefined ? state.at !== "ended" : states.includes(state.at),
    ids === undefined || ids.includes(message.id),
    to === undefined || has(recipient.recipient, to) || has(recipient.original ?? "", to),
    from === undefined || (from === "<>" ? message.sender === null : has(message.sender, from)),
    domain === undefined || has(`${recipient.recipient}\n`, `@${domain}\n`),
    before === undefined || message.accepted < before,
    reason === undefined || has(said, reason),
    kind === undefined || refusalKind(last?.outcome) === kind,
    target === undefined || recipient.target.target === target,
    user === undefined || message.origin.user === user,
  ].every(Boolean);
}

function reasonOf(state: Listed["recipient"]["state"]): string {
  return state.at === "held" ? state.reason : state.at === "ended" ? state.ending : "";
}

const has = (text: string | null, part: string): boolean =>
  text !== null && text.toLowerCase().includes(part.toLowerCase());
