/**
 * Files that are read again when they change.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { messageOf } from "./message_of.ts";

/** The content of a file, always that of now. While it cannot be had, what it was last. */
export class Watched<T> {
  /** The path of the file. */
  readonly path: string;
  readonly #parse: (text: string) => T;
  #value: T;
  #stamp: string | undefined;
  #trouble: string | undefined;

  /** Reads the file. Throws if it is not there or `parse` does. */
  constructor(path: string, parse: (text: string) => T) {
    this.path = path;
    this.#parse = parse;
    this.#stamp = stampOf(path);
    this.#value = parse(readFileSync(path, "utf8"));
  }

  /** Reads the file again if it has changed. */
  get value(): T {
    const text = this.#changed();
    if (text === undefined) return this.#value;
    try {
      this.#value = this.#parse(text);
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = messageOf(error);
    }
    return this.#value;
  }

  /** Why `value` may be out of date, `undefined` if it is not. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** The text of a file that is not the one that was read last, `undefined` if it is or cannot be read. */
  #changed(): string | undefined {
    try {
      const stamp = stampOf(this.path); // before reading: what changes in between is seen next time
      if (stamp === this.#stamp) return undefined;
      const text = readFileSync(this.path, "utf8");
      this.#stamp = stamp;
      return text;
    } catch (error) {
      this.#stamp = undefined;
      this.#trouble = messageOf(error);
      return undefined;
    }
  }
}

/** Changes whenever the file does, or its permissions. */
function stampOf(path: string): string {
  const { ino, ctimeNs, size } = statSync(path, { bigint: true });
  return `${ino} ${ctimeNs} ${size}`;
}
