/**
 * The users of a password file that is watched.
 * @module
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../base/message_of.ts";
import { tried } from "../base/tried.ts";
import { Watched } from "../base/watched.ts";
import type { Log } from "../log/event.ts";
import { Hashes } from "./hashes.ts";
import { parsePasswords, type PasswordTable } from "./password_file.ts";
import { PasswordUsers } from "./users.ts";

/** A password file, which is read again when it changes; one with a mistake counts as it was before. */
export class UserFile implements Disposable {
  readonly users: PasswordUsers;
  readonly #watched: Watched<PasswordTable>;
  readonly #hashes = new Hashes();
  /** Another one after each start, until {@linkcode start} finds the one that stays. */
  #pepper: Uint8Array = randomBytes(32);
  #log: Log | undefined;
  #logged: string | undefined;

  /** @throws for a file that cannot be read, or has a mistake */
  constructor(path: string) {
    this.#watched = new Watched(path, parsePasswords);
    this.users = new PasswordUsers(() => this.#table(), this.#hashes, () => this.#pepper);
  }

  /**
   * Tells the log of mistakes from now on.
   *
   * @param directory where the pepper stays
   */
  start(directory: string, log: Log): void {
    this.#log = log;
    const file = join(directory, "pepper");
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      this.#pepper = kept(file, this.#pepper);
    } catch (error) {
      log("pepper not kept", { file, error: messageOf(error) });
    }
  }

  [Symbol.dispose](): void {
    this.#hashes[Symbol.dispose]();
  }

  #table(): PasswordTable {
    const { trouble } = this.#watched;
    if (trouble !== undefined && trouble !== this.#logged) {
      this.#log?.("passwords not read", { file: this.#watched.path, error: trouble });
    }
    this.#logged = trouble;
    return this.#watched.value;
  }
}

/** Why others could guess the passwords of a file; `undefined` if they cannot. */
export function exposureOf(path: string): string | undefined {
  const OTHERS = 0o006;
  const mode = tried(() => statSync(path))?.mode ?? 0;
  if ((mode & OTHERS) === 0) return undefined;
  return `every user of this machine can use ${path}, and so guess passwords: chmod o= ${path}`;
}

/** What a file holds; `value`, which becomes the file's, if the file is missing. */
function kept(file: string, value: Uint8Array): Uint8Array {
  try {
    writeFileSync(file, value, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "EEXIST") throw error;
  }
  const found = readFileSync(file);
  if (found.length === value.length) return found;
  throw new Error(`it has not ${value.length} octets: remove it, and the next start makes another`);
}
