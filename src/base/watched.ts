/**
 * Files that are read again when they change.
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { cannotRead } from "./cannot_read.ts";
import { messageOf } from "./message_of.ts";

/**
 * Parses the text of a file. Throws for a text that makes no sense.
 *
 * @param file the path of the file
 * @param include reads another file that belongs to this one, and is watched with it
 */
export type Parse<T> = (text: string, file: string, include: (path: string) => string) => T;

/** What is in a file now, and why that may be out of date. */
export interface Look<T> {
  readonly value: T;
  readonly trouble: string | undefined;
}

/** The current content of a file; while the file cannot be read, its last content. */
export class Watched<T> {
  /** The path of the file. */
  readonly path: string;
  readonly #parse: Parse<T>;
  /** Of each file that was read; empty for one that could not be read. */
  readonly #stamps = new Map<string, string>();
  #value: T;
  #trouble: string | undefined;

  /**
   * Reads the file.
   *
   * @param initial the value until the file can be read for the first time
   * @throws the error of `parse`, or, without `initial`, that the file cannot be read
   */
  constructor(path: string, parse: Parse<T>, initial?: T) {
    this.path = path;
    this.#parse = parse;
    if (initial === undefined) this.#value = this.#readAll();
    else {
      this.#value = initial;
      this.#refresh();
    }
  }

  /** Reads the file again if it has changed. */
  get value(): T {
    return this.look().value;
  }

  /** Why the value may be out of date; `undefined` if it is not. */
  get trouble(): string | undefined {
    return this.look().trouble;
  }

  /** Value and trouble, for the price of one look at the file. */
  look(): Look<T> {
    if ([...this.#stamps].some(([path, stamp]) => stamp === "" || stamp !== stampOf(path))) {
      this.#refresh();
    }
    return { value: this.#value, trouble: this.#trouble };
  }

  #refresh(): void {
    try {
      this.#value = this.#readAll();
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = messageOf(error);
    }
  }

  #readAll(): T {
    this.#stamps.clear();
    const include = (path: string) => {
      try {
        return this.#read(path);
      } catch (error) {
        throw new TypeError(cannotRead(error));
      }
    };
    return this.#parse(this.#read(this.path), this.path, include);
  }

  #read(path: string): string {
    this.#stamps.set(path, "");
    const stamp = stampOf(path); // taken before reading, so that the next look sees a change in between
    const text = readFileSync(path, "utf8");
    this.#stamps.set(path, stamp);
    return text;
  }
}

/**
 * A value that changes whenever the file or its permissions change; empty if there is no such file. The runtime gives
 * `ctime` in whole seconds only, so `mtime` is needed to tell two changes within a second.
 */
function stampOf(path: string): string {
  try {
    const { ino, ctimeNs, mtimeNs, size } = statSync(path, { bigint: true });
    return `${ino} ${ctimeNs} ${mtimeNs} ${size}`;
  } catch {
    return "";
  }
}
