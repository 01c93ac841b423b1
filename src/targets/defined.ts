/**
 * The targets that modules of handlers define, by name. Every server of the process knows them.
 * @module
 */
import type { TargetType } from "./target_type.ts";

const defined = new Map<string, TargetType>();
/** Those that may be defined anew. */
let replaceable: ReadonlyMap<string, TargetType> = new Map();

/** The target that a module has defined last with a name. */
export const definedTarget = (name: string): TargetType | undefined => defined.get(name);

/** All of them. */
export const definedTargets = (): ReadonlyMap<string, TargetType> => new Map(defined);

/** Whether a name is another module's. */
export const isTaken = (name: string): boolean =>
  defined.has(name) && defined.get(name) !== replaceable.get(name);

/** Adds a target, or puts it in the place of one of an older version of its module. */
export const addDefined = (name: string, type: TargetType): unknown => defined.set(name, type);

/** Lets the modules that `run` loads define targets that there are already. If it throws, those are back. */
export async function redefining<T>(run: () => Promise<T>): Promise<T> {
  const before = definedTargets();
  replaceable = before;
  try {
    return await run();
  } catch (error) {
    defined.clear();
    for (const [name, type] of before) defined.set(name, type);
    throw error;
  } finally {
    replaceable = new Map();
  }
}
