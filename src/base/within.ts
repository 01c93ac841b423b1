/**
 * Waiting with a limit.
 * @module
 */

/** Waits for a promise for at most so many milliseconds; returns whether it was fulfilled by then. */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), milliseconds);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
