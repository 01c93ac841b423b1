/**
 * A copy of the MTA-STS policies that the server keeps, so that a probe changes none of them.
 * @module
 */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The copy, until it is disposed of. */
export class KeptPolicies implements Disposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), "postmaster-probe-"));
  readonly #known: ReadonlySet<string>;

  /** @param source the directory of the server; what this user may not read is as if it were not there */
  constructor(source: string) {
    try {
      const names = existsSync(source) ? readdirSync(source) : [];
      for (const name of names) copyFileSync(join(source, name), join(this.directory, name));
    } catch { /* they are fetched again */ }
    this.#known = new Set(readdirSync(this.directory));
  }

  has(domain: string): boolean {
    return this.#known.has(`${domain}.json`);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
