/**
 * Tokens that outlive the server: one file for each grant.
 * @module
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { replaceFile } from "../../base/replace_file.ts";
import { tried } from "../../base/tried.ts";
import type { Granted } from "./grant.ts";

/** What is kept of a grant. */
export interface Kept extends Omit<Granted, "refreshToken"> {
  /** The refresh token that was issued last; `undefined` while it is the operator's. */
  readonly refreshToken?: string | undefined;
  /** A digest of the operator's refresh token: another one begins another grant. */
  readonly source: string;
}

/** The file of a grant, in the state directory. */
export class KeptFile {
  readonly path: string;
  readonly #directory: string;

  /** @param grant what tells grants apart */
  constructor(stateDirectory: string, grant: readonly string[]) {
    this.#directory = join(stateDirectory, "oauth");
    this.path = join(this.#directory, `${digestOf(JSON.stringify(grant)).slice(0, 16)}.json`);
  }

  /** What is kept; `undefined` if there is nothing that can be used. */
  read(): Kept | undefined {
    try {
      const { token, issued, expires, source, refreshToken, grantEnds } = JSON.parse(
        readFileSync(this.path, "utf8"),
      );
      const isSound = typeof token === "string" && typeof issued === "number" &&
        typeof expires === "number" &&
        typeof source === "string" && ["string", "undefined"].includes(typeof refreshToken);
      return isSound ? { token, issued, expires, source, refreshToken, grantEnds } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Throws an error that names the file. */
  write(kept: Kept): void {
    replaceFile(this.path, JSON.stringify(kept));
  }

  /**
   * Nobody else, in this process or another one, fetches a token by the grant meanwhile. Where the file cannot be
   * written, there is nobody to wait for.
   */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    using lock = tried(() => {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      return Deno.openSync(`${this.path}.lock`, { write: true, create: true, mode: 0o600 });
    });
    await lock?.lock(true);
    return await work();
  }
}

/** A digest in hexadecimal digits. */
export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
