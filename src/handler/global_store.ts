/**
 * Stores of global variables.
 * @module
 */
import type { Json, Stored } from "./variable.ts";

/**
 * The values of global variables. All methods are asynchronous, because the values may be in another thread or on
 * disk. Requests are served in their order, one after the other.
 */
export interface GlobalStore {
  /** The value; `undefined` if it was never set or has been forgotten. */
  get(variable: Stored): Promise<Json | undefined>;
  /**
   * Sets the value.
   *
   * @throws {RangeError} when the store is full
   */
  set(variable: Stored, value: Json): Promise<void>;
  /**
   * Replaces the value by the result of `change`, with no other change in between, and returns it. If `change`
   * throws, the value stays, and the caller gets the error.
   *
   * @throws {RangeError} when the store is full
   */
  update(variable: Stored, change: (old: Json | undefined) => Json): Promise<Json>;
  /** Forgets the value. */
  unset(variable: Stored): Promise<void>;
}

/** A stored value. */
export interface Entry {
  /** The name of the variable. */
  readonly name: string;
  /** The value as JSON: it can be written to disk, and no reference to it leaks. */
  readonly json: string;
  /** As in {@linkcode Stored}. */
  readonly ttl: number | undefined;
  /**
   * The time at which it is forgotten, in milliseconds since the epoch of the store's clock; `undefined` is never.
   */
  readonly expires: number | undefined;
  /** As in {@linkcode Stored}. */
  readonly persist: boolean;
}
