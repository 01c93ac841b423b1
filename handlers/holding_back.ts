/**
 * Answers that are held back.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Session } from "postmaster";
import { kinds, type z } from "postmaster/making";

/** Milliseconds; the limit `handler-timeout` is a minute. */
const LONGEST = 50_000;

/** An option that says how long an answer is held back. */
export const shortTime: z.ZodType<number, string | number> = kinds.duration(1)
  .refine((milliseconds) => milliseconds <= LONGEST, {
    error: "this is too long: make it 50 s or less, or the limit `handler-timeout` ends it",
  });

/** Waits for so many milliseconds, or until the client goes away. */
export async function holdBack(milliseconds: number, { signal }: Session): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}
