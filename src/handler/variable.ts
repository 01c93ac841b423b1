/**
 * Typed variables: a place for what a handler must remember during a command, a transaction, a session, the life
 * of the server or longer.
 *
 * @module
 */
import { parseDuration } from "../base/units.ts";
import { isVariableName, keyName } from "./variable_name.ts";

/** How long a variable lives. */
export type Scope = "global" | "session" | "transaction" | "command";

/** Values that can travel between threads and be written down. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What reaching a variable gives: a global one as a promise, all others at once. */
export type Held<S extends Scope, T> = S extends "global" ? Promise<T> : T;

/** How a global variable is kept. It has a `ttl`, a `window` or neither. */
export interface GlobalOptions {
  /**
   * Milliseconds, or a text such as `"1 h"`: that long after it was last written, the value is forgotten,
   * and the variable has its first value again. Without it, never.
   */
  readonly ttl?: number | string | undefined;
  /**
   * The same from the first write on: later ones do not put the end off, so what is counted in an hour is counted
   * anew in the next.
   */
  readonly window?: number | string | undefined;
  /** The value is there again after a restart. */
  readonly persist?: boolean | undefined;
}

/** What a store must know of a global variable. */
export interface Stored {
  /** For people and, in the global scope, the identity of the variable. */
  readonly name: string;
  /** Milliseconds from a write until the value is forgotten; `undefined` is never. */
  readonly ttl: number | undefined;
  /** The write from which `ttl` counts: the first since there was no value, or the last. */
  readonly since: "first" | "last";
  /** The value is there again after a restart. */
  readonly persist: boolean;
}

/** The key of a variable. It carries its type and its first value, so nothing can be missing or ill-typed. */
export interface Variable<S extends Scope, T> extends Stored {
  /** How long a value lives, and who shares it. */
  readonly scope: S;
  /** Makes the first value. */
  readonly initial: () => T;
  /**
   * The variable of one key, in all else like this one: `failures.of(hostOf(session.peer.address))`. It goes by the
   * name `failures[192.0.2.1]`.
   */
  of(key: string): Variable<S, T>;
  /** Where a session keeps it: unlike the name, no other variable has the same. */
  readonly slot: string;
  /** The type of the value; nothing is ever there. */
  readonly held?: T;
}

/** Tells apart the variables of sessions that have the same name. */
let made = 0;

/**
 * Makes a key.
 *
 * ```ts
 * import { variable } from "postmaster";
 *
 * const refused = variable("session", "refused", () => 0);
 * const failures = variable("global", "failures", () => 0, { window: "1 h", persist: true });
 * ```
 *
 * @param name in the global scope each variable needs one of its own
 * @param options for global variables only
 * @param initial makes the first value, each time another one if the value can be changed
 * @throws {TypeError} for a name with brackets or control characters, a first value that is the same object each time,
 * for a `ttl` or `window` that is no duration, and for both at once
 */
export function variable<S extends Scope, T extends (S extends "global" ? Json : unknown)>(
  scope: S,
  name: string,
  initial: () => T,
  ...[options]: S extends "global" ? [options?: GlobalOptions] : []
): Variable<S, T> {
  if (name.includes("[") || !isVariableName(name)) {
    throw new TypeError(`a variable cannot be named ${JSON.stringify(name)}`);
  }
  const { ttl, window, persist = false }: GlobalOptions = options ?? {};
  if (ttl !== undefined && window !== undefined) {
    throw new TypeError(`variable ${name} cannot have both a ttl and a window`);
  }
  if (!differs(initial(), initial())) {
    throw new TypeError(
      `the first value of variable ${name} is one object, which all would share: ` +
        "make a new one each time (`() => []`), or freeze it",
    );
  }
  const slot = scope === "global" ? name : `${++made} ${name}`;
  const since = window === undefined ? "last" : "first";
  const time = ttl ?? window;
  const milliseconds = time === undefined ? undefined : parseTime(time, since);
  return make({ scope, name, initial, ttl: milliseconds, since, persist, slot });
}

function make<S extends Scope, T>(
  parts: Omit<Variable<S, T>, "of" | "held">,
): Variable<S, T> {
  return Object.freeze({
    ...parts,
    of: (key: string) => {
      const name = keyName(key);
      return make({ ...parts, name: parts.name + name, slot: parts.slot + name });
    },
  });
}

/** True for two first values that do not become others when one of them is changed. */
const differs = (one: unknown, other: unknown): boolean =>
  one !== other || typeof one !== "object" || Object.isFrozen(one);

/** Milliseconds from a `ttl`. Throws a TypeError. */
export const parseTtl = (ttl: number | string): number => parseTime(ttl, "last");

function parseTime(time: number | string, since: Stored["since"]): number {
  const parsed = typeof time === "string" ? parseDuration(time) : Math.round(time);
  if (parsed > 0 && Number.isSafeInteger(parsed)) return parsed;
  const option = since === "first" ? "window" : "ttl";
  throw new TypeError(`\`${time}\` cannot be a ${option}: write a duration such as \`1 h\``);
}
