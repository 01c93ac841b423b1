/**
 * Typed variables: a place for what a handler must remember during a transaction, a session or the
 * life of the daemon.
 *
 * @module
 */

/** How long a variable lives. */
export type Scope = "global" | "session" | "transaction";

declare const held: unique symbol;

/** The key of a variable. It carries its type and its first value, so nothing can be missing or ill-typed. */
export interface Variable<S extends Scope, T> {
  readonly scope: S;
  /** For people and, in the global scope, the identity of the variable: give each a name of its own. */
  readonly name: string;
  readonly initial: () => T;
  readonly [held]?: T;
}

/** Values that can travel between threads and be written down. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What reaching a variable gives: session and transaction at once, global as a promise. */
export type Held<S extends Scope, T> = S extends "global" ? Promise<T> : T;

/** Makes a key: `const failures = variable("session", "failures", () => 0)`. */
export function variable<S extends Scope, T extends (S extends "global" ? Json : unknown)>(
  scope: S,
  name: string,
  initial: () => T,
): Variable<S, T> {
  return { scope, name, initial };
}

/** Where global variables live: asynchronous, because that may be another thread. */
export interface GlobalStore {
  /** The value under `name`, `undefined` if it was never set. */
  get(name: string): Promise<Json | undefined>;
  set(name: string, value: Json): Promise<void>;
  /** Replaces the value by what `f` makes of it, with nothing in between, and returns the new one. */
  update(name: string, f: (old: Json | undefined) => Json): Promise<Json>;
}

/** Global variables in the memory of this thread. */
export class MemoryStore implements GlobalStore {
  readonly #values = new Map<string, Json>();

  get(name: string): Promise<Json | undefined> {
    return Promise.resolve(this.#values.get(name));
  }

  set(name: string, value: Json): Promise<void> {
    this.#values.set(name, value);
    return Promise.resolve();
  }

  update(name: string, f: (old: Json | undefined) => Json): Promise<Json> {
    return Promise.resolve().then(() => {
      const value = f(this.#values.get(name));
      this.#values.set(name, value);
      return value;
    });
  }
}
