/**
 * `postmaster explain`: what happened in sessions, and what the queue did afterwards.
 * @module
 */
import { messageOf } from "../../base/message_of.ts";
import { findConfig, loadPlaces, type Places } from "../../config/mod.ts";
import type { Part } from "../../explain/part.ts";
import { partsIn, type Wanted } from "../../explain/reader.ts";
import { printable } from "../../log/escape.ts";
import type { QueueDesk, Trace } from "../../queue/store.ts";
import { Printer } from "../printer.ts";
import { withDeskAt } from "../queue/open.ts";
import { partAsJson, partLines } from "./print.ts";
import { openSessions } from "./open.ts";

/** What the command line says besides which sessions are meant. */
export interface ExplainFlags {
  readonly config?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

/** Prints parts of sessions, the newest sessions last. Throws if there is none. */
export async function explain(wanted: Wanted, flags: ExplainFlags): Promise<void> {
  const { limit = wanted.id === undefined ? 20 : Infinity, json = false } = flags;
  const file = flags.config ?? findConfig();
  const places = loadPlaces(file);
  const directory = await openSessions(places);
  const parts = partsIn(directory, wanted, "newest first").take(limit).toArray()
    .sort(byBeginning);
  if (parts.length === 0) throw new Error("nothing that matches is kept");
  const traces = await tracesOf(parts, places, file);
  const printer = new Printer();
  const now = Date.now();
  for (const [i, part] of parts.entries()) {
    const trace = traces.get(part.message?.id ?? "");
    const lines = json
      ? [JSON.stringify(partAsJson(part, trace))]
      : [...i === 0 ? [] : [""], ...partLines(part, trace, now)];
    for (const line of lines) printer.print(printable(line));
  }
  printer.flush();
  if (parts.length === limit) console.error(`These are the newest ${limit}: --limit shows more.`);
}

const byBeginning = (one: Part, other: Part): number =>
  one.begun - other.begun || one.session.localeCompare(other.session) || one.part - other.part;

/** What the queue knows of the messages of these parts. */
async function tracesOf(
  parts: readonly Part[],
  places: Places,
  file: string | undefined,
): Promise<ReadonlyMap<string, Trace>> {
  const ids = parts.flatMap(({ message }) => message?.accepted ? [message.id] : []);
  const traces = new Map<string, Trace>();
  if (ids.length === 0 || places.queue === undefined) return traces;
  const ask = async (desk: QueueDesk) => {
    for (const id of ids) {
      for (const trace of await desk.trace({ id }, 1)) traces.set(id, trace);
    }
  };
  try {
    await withDeskAt(places, file, ask);
  } catch (error) {
    console.error(`What the queue did is not known: ${messageOf(error)}`);
  }
  return traces;
}
