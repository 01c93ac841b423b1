/**
 * Which job begins next. Destinations take turns, and in each of them its senders, so that a backlog of one never
 * delays another: of its rank (`ranks.ts`), a job waits for at most one of each busy destination, and of each busy sender
 * at its own. Destinations may also share limits (`gate.ts`). All is in memory. There are no timers: the time is given, in milliseconds of a clock that never jumps (`performance.now()`).
 * @module
 */
import type { Group } from "../targets/target.ts";
import { Destination, type DestinationLimits, type Job } from "./destination.ts";
import { Gate } from "./gate.ts";
import { Heap } from "./heap.ts";
import { Ranks } from "./ranks.ts";
import { Turns } from "./turns.ts";

/** The limits of {@linkcode Lanes}. */
export interface LaneSettings {
  /** Jobs at once. */
  readonly concurrency: number;
  /** So many jobs of a destination may wait before no more of its mail should come from the store. */
  readonly backlog: number;
  limitsOf(destination: string): DestinationLimits;
  /** What limits a destination together with others, as far as that is known; by default nothing. */
  groupsOf?(destination: string): readonly Group[];
}

/** How a job has ended. `trouble`: its destination cannot be reached, or wants less. `untried`: it will be added again. */
export type Ended = "fine" | "trouble" | "untried";

/** A destination with its place. */
interface Lane<J extends Job> {
  readonly destination: Destination<J>;
  /** Where it stands; `undefined` if no job of it waits, or if an end of one must come first. */
  place: Place<J> | undefined;
}

/** A place of a lane. Only its last one counts; older ones are passed over. */
interface Place<J extends Job> {
  readonly lane: Lane<J>;
  /** Whether it is its turn, or a time must come first, or a place for a job anywhere, or one of a group. */
  readonly at: "ready" | "asleep" | "crowding" | "gated";
}

type GateOf<J extends Job> = Gate<Place<J>>;

/** What is remembered of a job that has begun. */
interface Begun<J extends Job> {
  readonly lane: Lane<J>;
  /** How often its destination had backed off then. */
  readonly times: number;
  readonly gates: readonly GateOf<J>[];
}

/** So many destinations are remembered before those are looked for that need not be. */
const SOME = 1000;

/** Whether a place counts. */
const isPlaceOfLane = <J extends Job>(place: Place<J>): boolean => place.lane.place === place;

export class Lanes<J extends Job> {
  readonly #settings: LaneSettings;
  readonly #lanes = new Map<string, Lane<J>>();
  readonly #ready = new Turns<Place<J>>();
  readonly #asleep = new Heap<Place<J> | GateOf<J>>();
  #crowding: Place<J>[] = [];
  readonly #begun = new Map<J, Begun<J>>();
  readonly #gates = new Map<string, GateOf<J>>();
  readonly #full = new Set<string>();
  readonly #ranks = new Ranks();
  #waiting = 0;
  /** Those of them that wait for destinations that are full. */
  #waitingForFull = 0;
  #sweepAt = SOME;

  constructor(settings: LaneSettings) {
    this.#settings = settings;
  }

  /** Jobs that have not begun. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Jobs that have not begun, for destinations that are not {@linkcode full}. */
  get waitingForOthers(): number {
    return this.#waiting - this.#waitingForFull;
  }

  /** Jobs that have begun and not ended. */
  get running(): number {
    return this.#begun.size;
  }

  /** Destinations that are remembered. */
  get destinations(): number {
    return this.#lanes.size;
  }

  /** Destinations with so many jobs, or whose group is so busy, that no more of their mail should come from the store. */
  get full(): readonly string[] {
    return [...this.#full];
  }

  /** Jobs of a destination that have not begun. */
  waitingOf(destination: string): number {
    return this.#lanes.get(destination)?.destination.waiting ?? 0;
  }

  /** Until when a destination is left alone, because of its trouble; `undefined` if it is not. */
  pausedUntil(destination: string, now: number): number | undefined {
    const until = this.#lanes.get(destination)?.destination.backOff.until ?? now;
    return until > now ? until : undefined;
  }

  add(job: J, now: number): void {
    const lane = this.#lanes.get(job.destination) ?? this.#newLane(job.destination, now);
    const { destination, place } = lane;
    const rank = this.#ranks.enter(job);
    const isUrgent = rank > (destination.highest ?? -Infinity);
    destination.add(job, rank);
    this.#count(lane, 1);
    const isFirst = place === undefined && destination.waiting === 1;
    const hasTurn = place?.at === "ready" || place?.at === "gated";
    if (isFirst || (isUrgent && hasTurn)) this.#line(lane);
  }

  /** The next job, which begins; `undefined` if none may begin now. */
  next(now: number): J | undefined {
    this.#wake(now);
    for (;;) {
      const free = this.#settings.concurrency - this.#begun.size;
      const place = free > 0 ? this.#ready.take() : undefined;
      if (place === undefined) return undefined;
      const { lane } = place;
      if (isPlaceOfLane(place) && this.#mayBegin(lane, free, now)) return this.#begin(lane, now);
      // It does not use the turn that a gate may have given it.
      for (const gate of this.#gatesOf(lane.destination.name)) this.#admit(gate, now);
    }
  }

  /** A job that has begun has ended. */
  ended(job: J, result: Ended, now: number): void {
    const begun = this.#begun.get(job);
    if (begun === undefined) throw new TypeError(`no job for ${job.destination} has begun`);
    this.#begun.delete(job);
    const { lane, times, gates } = begun;
    lane.destination.running--;
    if (result !== "untried") lane.destination.backOff.ended(result === "fine", times, now);
    if (lane.place?.at !== "ready" && lane.place?.at !== "gated") this.#line(lane);
    for (const place of this.#crowding.splice(0)) {
      if (isPlaceOfLane(place)) this.#line(place.lane);
    }
    for (const gate of gates) {
      gate.running--;
      this.#admit(gate, now);
    }
    if (lane.destination.isForgotten(now)) this.#lanes.delete(lane.destination.name);
  }

  /** The settings have changed: destinations get their new limits. */
  limit(): void {
    for (const lane of this.#lanes.values()) {
      lane.destination.limit(this.#settings.limitsOf(lane.destination.name));
      this.#line(lane);
    }
  }

  /** Gives all jobs of a destination that have not begun, and has them no more. */
  withdraw(destination: string): readonly J[] {
    const lane = this.#lanes.get(destination);
    if (lane === undefined) return [];
    const jobs = lane.destination.withdraw();
    for (const job of jobs) this.#ranks.leave(job);
    this.#count(lane, -jobs.length);
    this.#line(lane);
    return jobs;
  }

  /**
   * When {@linkcode next}, which has just given `undefined`, should be called again if no job is added and none ends;
   * `undefined` if it need not.
   */
  wakeAt(): number | undefined {
    for (let first; (first = this.#asleep.peek()) !== undefined; this.#asleep.pop()) {
      if (first.item instanceof Gate || isPlaceOfLane(first.item)) return first.time;
    }
    return undefined;
  }

  /** Puts a lane behind all others of its rank, if it has jobs that wait. */
  #line(lane: Lane<J>): void {
    const { highest } = lane.destination;
    const wasGated = lane.place?.at === "gated";
    lane.place = highest === undefined ? undefined : { lane, at: "ready" };
    if (lane.place !== undefined) this.#ready.add(highest!, lane.place);
    if (wasGated) this.#mark(lane);
  }

  /** Whether a job of a lane may begin. If not, the lane gets the place where it waits until one may. */
  #mayBegin(lane: Lane<J>, free: number, now: number): boolean {
    const { destination } = lane;
    lane.place = undefined;
    if (destination.running >= destination.backOff.places) return false; // it is back when a job ends
    const time = destination.next(now);
    if (time > now) {
      lane.place = { lane, at: "asleep" };
      this.#asleep.push(time, lane.place);
      return false;
    }
    if (this.#crowds(destination, free)) {
      lane.place = { lane, at: "crowding" };
      this.#crowding.push(lane.place);
      return false;
    }
    const shut = this.#gatesOf(destination.name).find((gate) => gate.opens(now) > now);
    if (shut === undefined) return true;
    lane.place = { lane, at: "gated" };
    this.#mark(lane);
    shut.wait(lane.place, destination.highest!);
    this.#await(shut, now);
    return false;
  }

  /**
   * Whether another place for a destination would leave too few for others. Where nothing went well yet, no answer may
   * ever come.
   */
  #crowds({ running, backOff }: Destination<J>, free: number): boolean {
    const left = backOff.works ? free : free - this.#settings.concurrency / 2;
    return running > 0 && running >= left;
  }

  #begin(lane: Lane<J>, now: number): J {
    const job = lane.destination.begin(now);
    this.#ranks.leave(job);
    const gates = this.#gatesOf(lane.destination.name);
    this.#begun.set(job, { lane, times: lane.destination.backOff.times, gates });
    this.#count(lane, -1);
    this.#line(lane);
    for (const gate of gates) {
      gate.running++;
      this.#admit(gate, now);
    }
    return job;
  }

  #wake(now: number): void {
    while ((this.#asleep.peek()?.time ?? Infinity) <= now) {
      const { item } = this.#asleep.pop()!;
      if (item instanceof Gate) {
        item.isAsleep = false;
        this.#admit(item, now);
      } else if (isPlaceOfLane(item)) this.#line(item.lane);
    }
  }

  /** What limits a destination together with others. */
  #gatesOf(destination: string): readonly GateOf<J>[] {
    const groups = this.#settings.groupsOf?.(destination) ?? [];
    return groups.map((group) => {
      const gate = this.#gates.get(group.name) ?? new Gate<Place<J>>(group);
      gate.group = group;
      this.#gates.set(group.name, gate);
      return gate;
    });
  }

  /** Lets one lane of those that wait at a gate have its turn, if it is open. */
  #admit(gate: GateOf<J>, now: number): void {
    const place = gate.opens(now) <= now ? gate.take(isPlaceOfLane) : undefined;
    if (place !== undefined) this.#line(place.lane);
    else this.#await(gate, now);
  }

  /** Looks at a gate again when its time has come. A gate where nobody is, is forgotten. */
  #await(gate: GateOf<J>, now: number): void {
    if (gate.isForgotten) return void this.#gates.delete(gate.name);
    const time = gate.opens(now);
    if (gate.isAsleep || time <= now || time === Infinity) return;
    gate.isAsleep = true;
    this.#asleep.push(time, gate);
  }

  #count(lane: Lane<J>, more: number): void {
    this.#waiting += more;
    this.#mark(lane, lane.destination.waiting - more);
  }

  /** Notes whether more of a lane's mail should come from the store; `before` jobs of it waited when that was last noted. */
  #mark({ destination: { name, waiting }, place }: Lane<J>, before = waiting): void {
    if (this.#full.delete(name)) this.#waitingForFull -= before;
    if (waiting < this.#settings.backlog && place?.at !== "gated") return;
    this.#full.add(name);
    this.#waitingForFull += waiting;
  }

  #newLane(name: string, now: number): Lane<J> {
    if (this.#lanes.size >= this.#sweepAt) this.#sweep(now);
    const lane: Lane<J> = {
      destination: new Destination(name, this.#settings.limitsOf(name)),
      place: undefined,
    };
    this.#lanes.set(name, lane);
    return lane;
  }

  /** Forgets destinations whose trouble was long ago. It happens so seldom that each new one pays for one at most. */
  #sweep(now: number): void {
    for (const [name, { destination }] of this.#lanes) {
      if (destination.isForgotten(now)) this.#lanes.delete(name);
    }
    this.#sweepAt = SOME + 2 * this.#lanes.size;
  }
}
