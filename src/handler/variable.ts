/**
 * Typed variables, in which handlers remember things during a command, a transaction, a session, the life of the
 * server or longer.
 * @module
 */
import { parseDuration } from "../base/units.ts";
import { isVariableName, keyName } from "./variable_name.ts";

/** How long a variable lives. */
export type Scope = "global" | "session" | "transaction" | "command";

/** Values that can be sent to another thread and written to disk. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** The result of an access: a promise for global variables, the value for others. */
export type Held<S extends Scope, T> = S extends "global" ? Promise<T> : T;

/** Options of a global variable. It has a `ttl`, a `window` or neither. */
export interface GlobalOptions {
  /**
   * The time after the last write at which the value is forgotten: milliseconds, or a text such as `"1 h"`. Without
   * it, the value is never forgotten.
   */
  readonly ttl?: number | string | undefined;
  /** The same after the first write. Use it for counts: what is counted in an hour starts again in the next. */
  readonly window?: number | string | undefined;
  /** The value survives a restart. */
  readonly persist?: boolean | undefined;
}

/** The facts about a global variable for its store. */
export interface Stored {
  /** The name for people, and in the global scope the identity of the variable. */
  readonly name: string;
  /** Milliseconds from a write until the value is forgotten; `undefined` is never. */
  readonly ttl: number | undefined;
  /** The write from which `ttl` counts: the first since there was no value, or the last. */
  readonly since: "first" | "last";
  /** The value survives a restart. */
  readonly persist: boolean;
}

/** A variable: a key with its type and its first value, so no value is missing or has a wrong type. */
export interface Variable<S extends Scope, T> extends Stored {
  /** How long a value lives, and who shares it. */
  readonly scope: S;
  /** Makes the first value. */
  readonly initial: () => T;
  /**
   * The variable of one key, otherwise like this one: `failures.of(hostOf(session.peer.address))`. Its name is
   * `failures[192.0.2.1]`.
   */
  of(key: string): Variable<S, T>;
  /** The place in a session: unlike the name, it is unique. */
  readonly slot: string;
  /** The type of the value, for the compiler only. */
  readonly held?: T;
}

/** Distinguishes variables of sessions with the same name. */
let made = 0;

/**
 * Makes a variable.
 *
 * ```ts
 * import { variable } from "postmaster";
 *
 * const refused = variable("session", "refused", () => 0);
 * const failures = variable("global", "failures", () => 0, { window: "1 h", persist: true });
 * ```
 *
 * @param name must be unique in the global scope
 * @param options for global variables only
 * @param initial makes the first value, a new one each time if it can be changed
 * @throws {TypeError} for a name with brackets or control characters, a first value that is the same object each
 * time, for a `ttl` or `window` that is no duration, and for both at once
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

/** True if a change of one first value does not change the other. */
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
