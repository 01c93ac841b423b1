/**
 * The thread that has the table: SQLite is synchronous, and a slow disk must not hold up the server.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { type Change, Table } from "./table.ts";

/** What the thread is asked. Each is answered, in order. */
export type Request =
  | { readonly kind: "open"; readonly file: string; readonly now: number }
  | { readonly kind: "sync"; readonly changes: readonly Change[]; readonly now: number }
  | { readonly kind: "close" };

/** What came of a request. After an error the table is closed. */
export type TableResult = { readonly rows: Change[] } | { readonly error: string };

const thread = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;
let table: Table | undefined;

thread.onmessage = ({ data }: MessageEvent<Request>) => thread.postMessage(resultOf(data));

function resultOf(request: Request): TableResult {
  try {
    return { rows: rows(request) };
  } catch (error) {
    close();
    return { error: messageOf(error) };
  }
}

function rows(request: Request): Change[] {
  switch (request.kind) {
    case "open":
      table = new Table(request.file);
      return table.load(request.now);
    case "sync":
      if (table === undefined) throw new Error("the file is not open");
      return table.sync(request.changes, request.now);
    case "close":
      close();
      return [];
  }
}

function close(): void {
  table?.close();
  table = undefined;
}
