/**
 * What the server keeps of ACME: for each authority, a directory with the account's key, the certificate, and when the
 * next order may be made.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownUser } from "../base/passwd.ts";
import { replaceFile } from "../base/replace_file.ts";
import { failureOf, tried } from "../base/tried.ts";
import { tryToWriteIn } from "../base/writable.ts";
import { type KeyFiles, type KeyPair, readKeyPair } from "../tls/key_pair.ts";

/** What is known of the orders so far. */
export interface Attempts {
  /** Orders that have failed since the last good one. */
  readonly failures: number;
  /** Milliseconds since 1970 before which no order is made. */
  readonly next: number;
  /** Why, for people. */
  readonly error: string;
}

/** The files for one authority. */
export class AcmeStore {
  readonly #path: string;

  /** @param directory the URL of the authority's directory */
  constructor(stateDirectory: string, directory: string) {
    const name = directory.replace(/^https?:\/\//, "").replace(/[^A-Za-z0-9.-]+/g, "_");
    this.#path = join(stateDirectory, "acme", name);
  }

  /** The certificate and its key: one file, so that they belong together whenever the server dies. */
  get files(): KeyFiles {
    const file = join(this.#path, "certificate.pem");
    return { certificate: file, key: file };
  }

  /** The certificate; `undefined` if there is none that can be used. */
  readPair(): KeyPair | undefined {
    try {
      return readKeyPair(this.files);
    } catch {
      return undefined;
    }
  }

  /** Keeps a certificate, with those that lead to a root, and its key. Both are PEM. */
  savePair(certificate: string, key: string): void {
    this.#write("certificate.pem", `${certificate.trim()}\n${key.trim()}\n`);
  }

  /** The account's key in PEM. */
  readAccount(): string | undefined {
    return this.#read("account.pem");
  }

  saveAccount(key: string): void {
    this.#write("account.pem", `${key.trim()}\n`);
  }

  /**
   * What is known of the orders so far.
   *
   * @param otherwise when an order may be made if the file makes no sense
   */
  readAttempts(otherwise: number): Attempts {
    const text = this.#read("attempts.json");
    if (text === undefined) return { failures: 0, next: 0, error: "" };
    const { failures, next, error } = tried(() => JSON.parse(text)) ?? {};
    const time = Date.parse(next);
    return failures >= 0 && !Number.isNaN(time)
      ? { failures: Number(failures), next: time, error: String(error) }
      : { failures: 1, next: otherwise, error: "attempts.json makes no sense" };
  }

  saveAttempts({ next, ...rest }: Attempts): void {
    const text = JSON.stringify({ ...rest, next: new Date(next).toISOString() });
    this.#write("attempts.json", `${text}\n`);
  }

  /** Why the user of this process cannot use what is there; `undefined` if that is possible, or nothing is there yet. */
  fault(): string | undefined {
    for (const directory of [dirname(this.#path), this.#path]) {
      if (!existsSync(directory)) return undefined;
      const failure = failureOf(() => tryToWriteIn(directory));
      if (failure !== undefined) return this.#notMine(directory, failure);
    }
    for (const name of ["account.pem", "certificate.pem", "attempts.json"]) {
      const failure = failureOf(() => this.#read(name));
      if (failure !== undefined) return this.#notMine(join(this.#path, name), failure);
    }
    return undefined;
  }

  #notMine(path: string, failure: string): string {
    return `the server, as ${ownUser()}, cannot use ${path} (${failure}): ` +
      `chown -R what is in ${dirname(this.#path)} to that user`;
  }

  #read(name: string): string | undefined {
    try {
      return readFileSync(join(this.#path, name), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  #write(name: string, text: string): void {
    replaceFile(join(this.#path, name), text);
  }
}
