/**
 * Running the operator's code before the server starts: such code may fail in ways that no `catch` sees.
 * @module
 */
import { onStrayErrors } from "../base/stray.ts";
import { ModuleFault } from "./fault.ts";

/** Milliseconds for a module to be loaded, or to make its handler. */
const PATIENCE = 30_000;

/**
 * Returns what the code returns. Throws what it throws, and every error that nothing catches in the meantime.
 *
 * @throws {ModuleFault} if the code takes too long. The timer also keeps alive a process that only waits.
 */
export async function withPatience<T>(
  code: () => T | Promise<T>,
  milliseconds = PATIENCE,
): Promise<T> {
  const failed = Promise.withResolvers<never>();
  using _strays = onStrayErrors(failed.reject);
  const timer = setTimeout(() => failed.reject(tooLate(milliseconds)), milliseconds);
  try {
    return await Promise.race([code(), failed.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const tooLate = (milliseconds: number) =>
  new ModuleFault(`it awaits something that has not come within ${milliseconds / 1000} seconds`);
