/**
 * The thread that has the table: SQLite is synchronous, and a slow disk must not hold up the server.
 * @module
 */
import { answerCalls } from "../base/thread.ts";
import { type Change, Table } from "./table.ts";

let table: Table | undefined;

function close(): void {
  table?.close();
  table = undefined;
}

/** After an error the table is closed. */
function closing(use: () => Change[]): Change[] {
  try {
    return use();
  } catch (error) {
    close();
    throw error;
  }
}

const functions = {
  open: (file: string, now: number): Change[] =>
    closing(() => {
      table = new Table(file);
      return table.load(now);
    }),
  sync: (changes: readonly Change[], now: number): Change[] =>
    closing(() => {
      if (table === undefined) throw new Error("the file is not open");
      return table.sync(changes, now);
    }),
  close,
};

/** What the thread can be asked. */
export type TableFunctions = typeof functions;

answerCalls(functions);
