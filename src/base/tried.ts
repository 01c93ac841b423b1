/**
 * Trying what may fail.
 *
 * @module
 */
import { messageOf } from "./message_of.ts";

/** What `run` gives; `undefined` if it throws. */
export function tried<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** The message of what `run` throws; `undefined` if it throws nothing. */
export function failureOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
