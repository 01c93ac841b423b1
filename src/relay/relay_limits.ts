/**
 * What is sent to exchangers and from own addresses, in total: whatever the number of domains behind an exchanger, and
 * of exchangers in a group.
 * @module
 */
import type { GlobalStore } from "../handler/global_store.ts";
import { type Outcome, refusalKind } from "../handler/outcome.ts";
import type { Group } from "../targets/target.ts";
import { type Left, Limiter, type Limits, type Refused } from "./limiter.ts";
import { tomorrow, WarmUp, type WarmUpPlan } from "./warm_up.ts";

/** Exchangers that share limits, such as those of a provider. */
export interface ExchangerGroup {
  readonly name: string;
  /** Names of exchangers: `mx.example.net`, or `*.example.net` for all below that. */
  readonly match: readonly string[];
  readonly concurrency?: number | undefined;
  readonly initial?: number | undefined;
  readonly rate?: Limits["rate"];
}

/** What holds for an own address. */
export interface SourceLimits {
  readonly concurrency?: number | undefined;
  readonly rate?: Limits["rate"];
  readonly warmUp?: WarmUpPlan | undefined;
}

/** The limits of all. */
export interface RelayLimitSettings {
  /** What holds for each exchanger that is in no group, and for a group that does not say it. */
  readonly exchanger: Limits;
  readonly exchangers: readonly ExchangerGroup[];
  /** By own address; `default` is the one that the system chooses. */
  readonly sourceLimits: Readonly<Record<string, SourceLimits>>;
}

/** Where a message would go. */
export interface Going {
  /** The exchanger's name. */
  readonly host: string;
  readonly port: number;
  /** The own addresses, one of each family at most; `undefined` if the system chooses. */
  readonly source: readonly string[] | undefined;
  /** What its mail has in common in the queue, which learns what limits it. */
  readonly destination: string;
}

/** A message on its way. */
export interface Place {
  /** The limit of its exchanger. */
  readonly group: Limiter;
  /** It has ended, with this for each recipient; with nothing if that says nothing about the server. */
  leave(outcomes: readonly Outcome[]): void;
}

/** Why a message does not go to an exchanger now. */
export interface NoPlace {
  readonly outcome: Outcome;
  /** Whether the exchanger is in trouble, so that the next one may be tried. */
  readonly trouble: boolean;
}

/** The name of the own address that the system chooses. */
export const DEFAULT_SOURCE = "default";
/** Mail that would wait longer is deferred, which is an attempt: then its sender learns of it in time. */
const LONG = 60_000;
/** The most destinations whose limits are remembered. */
const DESTINATIONS = 10_000;
/** So many exchangers are remembered before those are looked for that need not be. */
const SOME = 1000;

export class RelayLimits {
  readonly #settings: RelayLimitSettings;
  readonly #exchangers = new Map<string, Limiter>();
  readonly #sources = new Map<string, Limiter>();
  readonly #warmUps = new Map<string, WarmUp>();
  /** The limits of the last message for each destination. */
  readonly #known = new Map<string, readonly Limiter[]>();
  #sweepAt = SOME;

  /** @param store for what is counted beyond a restart */
  constructor(settings: RelayLimitSettings, store: GlobalStore) {
    this.#settings = settings;
    for (const [address, limits] of Object.entries(settings.sourceLimits)) {
      const { concurrency = Infinity, rate, warmUp } = limits;
      this.#sources.set(address, new Limiter(`from ${address}`, { concurrency, rate }));
      if (warmUp !== undefined) this.#warmUps.set(address, new WarmUp(address, warmUp, store));
    }
  }

  /** What limits a destination together with others, as far as its last message has shown. */
  groupsOf(destination: string): readonly Group[] {
    return this.#known.get(destination) ?? [];
  }

  /** Lets a message go to an exchanger, or says why it may not. */
  async enter(
    { host, port, source = [DEFAULT_SOURCE], destination }: Going,
  ): Promise<Place | NoPlace> {
    const group = this.#exchangerOf(host, port);
    const limiters = [group, ...source.flatMap((address) => this.#sources.get(address) ?? [])];
    const refused = this.#refusal(limiters, host, destination);
    if (refused !== undefined) return refused;
    const time = Date.now();
    const taken: WarmUp[] = [];
    const giveBack = () => taken.forEach((warmUp) => warmUp.giveBack(time));
    try {
      for (const address of source) {
        const warmUp = this.#warmUps.get(address);
        if (warmUp === undefined) continue;
        if (!await warmUp.take(time)) {
          giveBack();
          return { outcome: tooYoung(address, time), trouble: false };
        }
        taken.push(warmUp);
      }
    } catch (error) {
      giveBack();
      throw error;
    }
    const refusedNow = this.#refusal(limiters, host, destination); // others may have gone meanwhile
    if (refusedNow !== undefined) {
      giveBack();
      return refusedNow;
    }
    const [leave, ...others] = limiters.map((limiter) => limiter.enter(performance.now()));
    return {
      group,
      leave: (outcomes) => {
        const now = performance.now();
        leave!(leftBy(outcomes), now);
        for (const leave of others) leave("neither", now);
        if (!outcomes.some(({ result }) => result === "delivered")) giveBack();
      },
    };
  }

  /** Why a message may not go now. */
  #refusal(limiters: readonly Limiter[], host: string, destination: string): NoPlace | undefined {
    const now = performance.now();
    const all = limiters.flatMap((limiter) => limiter.refuses(now) ?? []);
    const [longest] = all.toSorted((one, other) => other.wait - one.wait);
    if (longest?.trouble) return { outcome: inTrouble(host, longest), trouble: true };
    this.#remember(destination, limiters);
    return longest && { outcome: busy(longest), trouble: false };
  }

  /** The limit of an exchanger: its own, or that of its group. */
  #exchangerOf(host: string, port: number): Limiter {
    const { exchanger, exchangers } = this.#settings;
    const group = exchangers.find(({ match }) => match.some((pattern) => isMatch(host, pattern)));
    const name = group?.name ?? `${host.toLowerCase()}:${port}`;
    let limiter = this.#exchangers.get(name);
    if (limiter === undefined) {
      if (this.#exchangers.size >= this.#sweepAt) this.#sweep();
      const { concurrency = exchanger.concurrency, initial = exchanger.initial } = group ?? {};
      const rate = group?.rate ?? exchanger.rate;
      limiter = new Limiter(name, { concurrency, initial, rate });
      this.#exchangers.set(name, limiter);
    }
    return limiter;
  }

  #remember(destination: string, limiters: readonly Limiter[]): void {
    this.#known.delete(destination);
    this.#known.set(destination, limiters);
    if (this.#known.size > DESTINATIONS) this.#known.delete(this.#known.keys().next().value!);
  }

  #sweep(): void {
    const now = performance.now();
    for (const [name, limiter] of this.#exchangers) {
      if (limiter.isForgotten(now)) this.#exchangers.delete(name);
    }
    this.#sweepAt = SOME + 2 * this.#exchangers.size;
  }
}

/** Whether a name is meant by a pattern, in any case. */
export function isMatch(host: string, pattern: string): boolean {
  const [name, wanted] = [host.toLowerCase(), pattern.toLowerCase()];
  return wanted.startsWith("*.") ? name.endsWith(wanted.slice(1)) : name === wanted;
}

/**
 * What the outcomes of a message say about its server. One that takes the mail of some recipients has the time for it,
 * whatever it says of others.
 */
function leftBy(outcomes: readonly Outcome[]): Left {
  if (outcomes.length === 0) return "neither";
  const isBusy = outcomes.some((outcome) => refusalKind(outcome) === "busy") &&
    !outcomes.some(({ result }) => result === "delivered");
  return isBusy || outcomes.some(isTrouble) ? "trouble" : "fine";
}

const isTrouble = (outcome: Outcome): boolean =>
  outcome.result === "deferred" &&
  (outcome.scope === "destination" || outcome.kind === "reputation");

const seconds = (milliseconds: number): string => `${Math.ceil(milliseconds / 1000)} s`;

const inTrouble = (host: string, { wait }: Refused): Outcome => ({
  result: "deferred",
  status: "4.4.5",
  reason: `${host} is left alone for ${seconds(wait)}, because it was in trouble`,
  scope: "destination",
  kind: "busy",
  ...wait <= LONG ? { later: Math.ceil(wait) } : {},
});

const busy = ({ wait }: Refused): Outcome => ({
  result: "deferred",
  status: "4.4.5",
  reason: `the limits for the next server allow no more for ${seconds(wait)}`,
  scope: "server",
  ...wait <= LONG ? { later: Math.ceil(wait) } : {},
});

const tooYoung = (source: string, time: number): Outcome => ({
  result: "deferred",
  status: "4.4.5",
  reason: `the plan to warm up ${
    source === DEFAULT_SOURCE ? "the server's address" : source
  } allows no more today: the next day begins in ${seconds(tomorrow(time))}`,
  scope: "server",
});
