/**
 * Calls that may fail.
 * @module
 */
import { messageOf } from "./message_of.ts";

/** The result of `run`; `undefined` if it throws. */
export function tried<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** The message of the error that `run` throws; `undefined` if it throws none. */
export function failureOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
