/**
 * The modules of handlers that are part of the program. Here there are none: `deno task compile --handlers`
 * compiles a program in which this file has them.
 * @module
 */
import type { Exports } from "../modules/loader.ts";

/** Loads the modules by the names of their handlers. The configuration need not name them. */
export const embedded: ReadonlyMap<string, () => Promise<Exports>> = new Map();
