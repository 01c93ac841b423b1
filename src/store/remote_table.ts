/**
 * The table of variables, for the server's thread.
 * @module
 */
import type { Change } from "./table.ts";
import type { Request, TableResult } from "./worker.ts";

/** A table in a thread of its own. After an error it cannot be used any more. */
export class RemoteTable {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  readonly #waiting: PromiseWithResolvers<Change[]>[] = [];

  private constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<TableResult>) => {
      const asked = this.#waiting.shift();
      if ("rows" in data) asked?.resolve(data.rows);
      else asked?.reject(new Error(data.error));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault(); // or it would end the server
      for (const asked of this.#waiting.splice(0)) asked.reject(new Error(event.message));
    };
  }

  static async open(file: string, now: number): Promise<{ table: RemoteTable; rows: Change[] }> {
    const table = new RemoteTable();
    try {
      return { table, rows: await table.#ask({ kind: "open", file, now }) };
    } catch (error) {
      table.terminate();
      throw error;
    }
  }

  /** As {@linkcode Table.sync}. */
  sync(changes: readonly Change[], now: number): Promise<Change[]> {
    return this.#ask({ kind: "sync", changes, now });
  }

  /** Closes the file and ends the thread. */
  async close(): Promise<void> {
    await this.#ask({ kind: "close" });
    this.terminate();
  }

  /** Ends the thread at once. */
  terminate(): void {
    this.#worker.terminate();
  }

  #ask(request: Request): Promise<Change[]> {
    const asked = Promise.withResolvers<Change[]>();
    this.#waiting.push(asked);
    this.#worker.postMessage(request);
    return asked.promise;
  }
}
