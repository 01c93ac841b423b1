/**
 * How two chains of handlers differ in what they say of the same event: found, counted, and printed.
 * @module
 */
import type { EventName } from "./event.ts";
import type { Reply, Route } from "./reply.ts";

/** What a chain says of an event. It is plain data. */
export interface Judgement {
  readonly code: number;
  readonly enhanced?: string;
  /** The lines of the reply as one, with slashes between them. */
  readonly text: string;
  /** Where the mail goes, in alphabetical order: `joe@example.net -> mailer`. */
  readonly routes?: readonly string[];
  /** Why the mail is put on hold. */
  readonly hold?: string;
  /** What else becomes of the mail or its sender: `+X-Spam: yes`, `sender <joe@example.net>`. */
  readonly changes?: readonly string[];
  /** The handler that has decided. */
  readonly handler: string;
}

/** One event of which two chains say different things. It is plain data. */
export interface VerdictDifference {
  /** The id of the session, and the address of its client. */
  readonly session: string;
  readonly client: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly type: EventName;
  /** The event with what the client said in it, as `printEvent` has it. */
  readonly event: string;
  readonly before: Judgement;
  readonly after: Judgement;
}

/** Differences that are alike, with the first of them as examples. */
export interface AlikeDifferences {
  readonly count: number;
  readonly examples: readonly VerdictDifference[];
}

/** @param handler the handler that has decided */
export function judgementOf(reply: Reply, handler: string): Judgement {
  const { code, enhanced, lines, routes, hold } = reply;
  return {
    code,
    ...enhanced === undefined ? {} : { enhanced },
    text: lines.join(" / "),
    ...routes === undefined ? {} : { routes: printRoutes(routes) },
    ...hold === undefined ? {} : { hold },
    handler,
  };
}

/** `joe@example.net -> mailer`, in alphabetical order. */
export const printRoutes = (routes: readonly Route[]): string[] => routes.map(printRoute).sort();

function printRoute({ recipient, target: { target, args } }: Route): string {
  const more = Object.keys(args).length === 0 ? "" : ` ${JSON.stringify(args)}`;
  return `${recipient} -> ${target}${more}`;
}

/** Whether two chains differ. Neither the words of a reply nor who says them count. */
export const isDifferent = (before: Judgement, after: Judgement): boolean =>
  keyOf(before) !== keyOf(after);

const keyOf = ({ code, enhanced, routes, hold, changes }: Judgement): string =>
  JSON.stringify([code, enhanced, routes ?? [], hold !== undefined, changes ?? []]);

/** `AddRcptTo: 250 2.1.5 (users) -> 550 5.7.1 (policy-next)`: the same for differences that are alike. */
export function kindOf({ type, before, after }: VerdictDifference): string {
  const [old, now] = [before, after].map(briefly);
  return `${type}: ${old} -> ${now}${otherwise(before, after)}`;
}

function briefly({ code, enhanced, hold, handler }: Judgement): string {
  const said = hold !== undefined ? "hold" : [code, enhanced].filter(Boolean).join(" ");
  return `${said} (${handler})`;
}

/** What differs where both say the same to the client. */
function otherwise(before: Judgement, after: Judgement): string {
  const differsBut = (same: Partial<Judgement>) => isDifferent(before, { ...after, ...same });
  const { routes = [], changes = [] } = before;
  if (!differsBut({ routes })) return ", another place";
  return differsBut({ changes }) ? "" : ", other changes";
}

/**
 * An example in lines for people:
 *
 * ```text
 * AddRcptTo <joe@example.net>
 *   in session 01KB..., from 192.0.2.7, 2026-11-28T10:00:00.000Z
 *   before: 250 2.1.5 recipient ok (users), joe@example.net -> mailer
 *   after:  550 5.7.1 not today (policy-next)
 * ```
 */
export const printDifference = (difference: VerdictDifference): string[] => {
  const { event, session, client, time, before, after } = difference;
  return [
    event,
    `  in session ${session}, from ${client}, ${new Date(time).toISOString()}`,
    `  before: ${printJudgement(before)}`,
    `  after:  ${printJudgement(after)}`,
  ];
};

function printJudgement(
  { code, enhanced, text, hold, handler, routes = [], changes = [] }: Judgement,
): string {
  const said = hold === undefined
    ? [code, enhanced, text].filter(Boolean).join(" ")
    : `hold: ${hold}`;
  return [`${said} (${handler})`, ...routes, ...changes].join(", ");
}

/** The kind of differences for whose own kind there is no place. */
export const OTHERS = "others";

/** Counts differences, and keeps a few examples of each kind. */
export class VerdictDifferences {
  readonly #kinds = new Map<string, { count: number; readonly examples: VerdictDifference[] }>();
  readonly #most: { readonly kinds: number; readonly examples: number };

  /** @param most how many kinds, and examples of each, are kept; further kinds are {@linkcode OTHERS} */
  constructor(most = { kinds: Infinity, examples: 3 }) {
    this.#most = most;
  }

  get count(): number {
    return this.#kinds.values().reduce((sum, { count }) => sum + count, 0);
  }

  /** Those that are alike, by {@linkcode kindOf}; the most frequent first. */
  get kinds(): ReadonlyMap<string, AlikeDifferences> {
    return new Map([...this.#kinds].sort(([, one], [, other]) => other.count - one.count));
  }

  add(difference: VerdictDifference): void {
    const kinds = this.#kinds;
    const own = kindOf(difference);
    const kind = kinds.has(own) || kinds.size < this.#most.kinds ? own : OTHERS;
    const alike = kinds.get(kind) ?? { count: 0, examples: [] };
    kinds.set(kind, alike);
    alike.count++;
    if (alike.examples.length < this.#most.examples) alike.examples.push(difference);
  }
}

/** Differences in lines for people: each kind with its number, then its examples. */
export const printDifferences = (
  kinds: ReadonlyMap<string, AlikeDifferences>,
): string[] =>
  Array.from(kinds, ([kind, { count, examples }]) => [
    `${count} ${count === 1 ? "time" : "times"} ${kind}`,
    ...examples.flatMap(printDifference).map((line) => `  ${line}`),
  ]).flat();
