/**
 * Targets: where mail can be delivered. A target is registered under a name; a route holds that name and plain
 * arguments. Delivery has two phases, and an outcome for each recipient.
 * @module
 */
import type { Outcome, Scope } from "../handler/outcome.ts";
import type { Addressee, Route, Target } from "../handler/reply.ts";
import { definedTarget, definedTargets } from "./defined.ts";
import type { Group, TargetType, Work } from "./target_type.ts";

export type { Message } from "../message/message.ts";

export type {
  Delivery,
  DeliveryContext,
  DeliveryTime,
  Envelope,
  Group,
  TargetType,
  Work,
} from "./target_type.ts";
export type { Outcome, Scope } from "../handler/outcome.ts";

/** The outcome of a delivery that broke or could not begin. */
export const unsettled = (cause: string, scope?: Scope): Outcome => ({
  result: "deferred",
  status: "4.3.0",
  reason: "local delivery failed",
  cause,
  ...(scope === undefined ? {} : { scope }),
});

/** What to do when there is no target `relay`. */
export const NO_RELAY: string = "set `relay` in the configuration, such as `relay: {mx: {}}`";

/** The targets that a server knows, by name. */
export class Targets implements Work {
  readonly #types = new Map<string, TargetType>();
  #defined: Pick<ReadonlyMap<string, TargetType>, "get"> = { get: definedTarget };

  constructor(types: Readonly<Record<string, TargetType>>) {
    for (const [name, type] of Object.entries(types)) this.define(name, type);
  }

  /** Adds a target. Throws if the name is taken. */
  define(name: string, type: TargetType): void {
    if (this.#types.has(name)) {
      throw new TypeError(`there is a target ${JSON.stringify(name)} already`);
    }
    this.#types.set(name, type);
  }

  get(name: string): TargetType | undefined {
    return this.#types.get(name) ?? this.#defined.get(name);
  }

  /** Keeps to the targets that modules have defined so far: newer versions of the modules are for others. */
  keep(): void {
    this.#defined = definedTargets();
  }

  async idle(): Promise<void> {
    await Promise.all(this.#work.map((work) => work.idle()));
  }

  interrupt(): void {
    for (const work of this.#work) work.interrupt();
  }

  kill(): void {
    for (const work of this.#work) work.kill();
  }

  get #work(): Work[] {
    return [...this.#types.values()].flatMap(({ work }) => work ?? []);
  }

  /** What is wrong with a target, `undefined` if it makes sense. */
  faultIn({ target, args }: Target): string | undefined {
    const type = this.get(target);
    if (type !== undefined) return type.faultIn(args);
    const mend = target === "relay" ? ": " + NO_RELAY : "";
    return `there is no target ${JSON.stringify(target)}${mend}`;
  }

  /** Why no mail can go to a target on this machine now, `undefined` if it can. */
  obstacleTo(target: Target): string | undefined {
    return this.faultIn(target) ?? this.get(target.target)?.obstacleTo?.(target.args);
  }

  /** As {@linkcode TargetType.destination}, for any target: without one, `mailer joe@example.net`. */
  destinationOf(target: Target, addressee: Addressee): string {
    const type = this.faultIn(target) === undefined ? this.get(target.target) : undefined;
    return type?.destination?.(target.args, addressee) ??
      `${target.target} ${addressee.recipient.key}`;
  }

  /** As {@linkcode TargetType.groupsOf}, of all targets. */
  groupsOf(destination: string): readonly Group[] {
    return [...this.#types.values()].flatMap((type) => type.groupsOf?.(destination) ?? []);
  }

  /** As {@linkcode TargetType.place}; `undefined` if the arguments say it. */
  placeOf(route: Route): string | undefined {
    const { target, args } = route.target;
    const type = this.get(target);
    if (type?.place === undefined || type.faultIn(args) !== undefined) return undefined;
    return `${target} ${type.place(args, route)}`;
  }

  /** As {@linkcode TargetType.plan}, for any target. */
  plan({ target, ...addressee }: Route): string | Outcome {
    const fault = this.faultIn(target);
    if (fault !== undefined) return unsettled(fault);
    const plan = this.get(target.target)?.plan;
    return plan === undefined ? printArgs(target.args) : plan(target.args, addressee);
  }
}

const printArgs = (args: Target["args"]): string =>
  Object.entries(args).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ");
