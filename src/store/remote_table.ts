/**
 * The table of variables, for the server's thread.
 * @module
 */
import { Thread } from "../base/thread.ts";
import type { Change } from "./table.ts";
import type { TableFunctions } from "./worker.ts";

/** A table in a thread of its own. After an error it cannot be used any more. */
export class RemoteTable extends Thread<TableFunctions> {
  static async open(file: string, now: number): Promise<{ table: RemoteTable; rows: Change[] }> {
    const url = new URL("./worker.ts", import.meta.url);
    const table = new RemoteTable(new Worker(url, { type: "module" }));
    try {
      return { table, rows: await table.ask("open", file, now) };
    } catch (error) {
      table[Symbol.dispose]();
      throw error;
    }
  }

  /** Closes the file and ends the thread. */
  async close(): Promise<void> {
    await this.ask("close");
    this[Symbol.dispose]();
  }
}
