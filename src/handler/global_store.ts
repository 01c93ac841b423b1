/**
 * Where global variables live.
 *
 * @module
 */
import type { Json, Stored } from "./variable.ts";

/**
 * The values of global variables. All is asynchronous, because they may be kept in another thread or on
 * disk. What is asked is done in the order in which it was asked, one after the other.
 */
export interface GlobalStore {
  /** The value, `undefined` if it was never set, or has been forgotten. */
  get(variable: Stored): Promise<Json | undefined>;
  /**
   * Sets the value.
   *
   * @throws {RangeError} when the store is full
   */
  set(variable: Stored, value: Json): Promise<void>;
  /**
   * Replaces the value by what `change` makes of it, with nothing in between, and gives the new one. If
   * `change` throws, nothing changes, and its error is the caller's.
   *
   * @throws {RangeError} when the store is full
   */
  update(variable: Stored, change: (old: Json | undefined) => Json): Promise<Json>;
  /** Forgets the value. */
  unset(variable: Stored): Promise<void>;
}

/** A value as it is kept. */
export interface Entry {
  /** The name of the variable. */
  readonly name: string;
  /** The value as JSON: it can be written down, and nobody can change it from afar. */
  readonly json: string;
  /** As in {@linkcode Stored}. */
  readonly ttl: number | undefined;
  /** When it is forgotten, in milliseconds since the epoch of the store's clock; `undefined` is never. */
  readonly expires: number | undefined;
  /** As in {@linkcode Stored}. */
  readonly persist: boolean;
}
