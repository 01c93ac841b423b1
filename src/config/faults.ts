/**
 * What is wrong with settings, as the checks find it.
 * @module
 */
import { cannotRead } from "../base/cannot_read.ts";
import { ConfigError, type Problem } from "../base/problem.ts";
import type { Path } from "./document.ts";
import type { Written } from "./overrides.ts";

/** Collects what is wrong, with its place. */
export class Faults {
  readonly problems: Problem[] = [];
  readonly #written: Written;

  constructor(written: Written) {
    this.#written = written;
  }

  /** Adds what is wrong with the setting at a path. */
  add(path: Path, message: string): void {
    this.problems.push(this.#written.problem({ path, message }));
  }

  /** What `open` gives; `undefined`, and a fault, if the file that the setting names cannot be read. */
  open<T>(path: Path, open: () => T): T | undefined {
    try {
      return open();
    } catch (error) {
      if (error instanceof ConfigError) this.problems.push(...error.problems);
      else this.add(path, cannotRead(error));
      return undefined;
    }
  }
}
