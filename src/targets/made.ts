/**
 * The targets that are made while something runs, such as the loading of a module.
 * @module
 */
import type { Target } from "../handler/reply.ts";

const listeners = new Set<(target: Target) => void>();

export function made(target: Target): Target {
  for (const listener of listeners) listener(target);
  return target;
}

/** Runs `run`, and calls `tell` with each target that is made meanwhile. */
export async function tellingOfTargets<T>(
  tell: (target: Target) => void,
  run: () => Promise<T>,
): Promise<T> {
  listeners.add(tell);
  try {
    return await run();
  } finally {
    listeners.delete(tell);
  }
}
