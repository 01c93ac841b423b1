/**
 * Waiting, but not for ever.
 *
 * @module
 */

/** Waits for a promise for so many milliseconds at most; says whether it was fulfilled by then. */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), milliseconds);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
