/**
 * The ledger, for the server's thread.
 * @module
 */
import { Thread } from "../base/thread.ts";
import type { LedgerLimits } from "./ledger.ts";
import type { LedgerFunctions } from "./ledger_worker.ts";

/** A ledger in a thread of its own. */
export class RemoteLedger extends Thread<LedgerFunctions> {
  /**
   * Opens a file in a thread.
   *
   * @throws {Error} if it cannot be used
   */
  static async open(file: string, limits: LedgerLimits | undefined): Promise<RemoteLedger> {
    const url = new URL("./ledger_worker.ts", import.meta.url);
    const ledger = new RemoteLedger(new Worker(url, { type: "module" }));
    try {
      await ledger.ask("open", file, limits);
      return ledger;
    } catch (error) {
      ledger[Symbol.dispose]();
      throw error;
    }
  }

  /** Closes the file and ends the thread. */
  async close(): Promise<void> {
    await this.ask("close").catch(() => {}); // what matters is written
    this[Symbol.dispose]();
  }
}
