/**
 * What is in the directory of a queue.
 * @module
 */
import { join } from "node:path";

/** The file with everything but large bodies. */
export const fileIn = (directory: string): string => join(directory, "queue.sqlite");
/** The directory of large bodies. */
export const bodiesIn = (directory: string): string => join(directory, "bodies");
