/**
 * The thread that compresses and writes what is kept of sessions: the disk may be slow.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import type { Batch } from "./frame.ts";
import { type Keeping, Segments } from "./segments.ts";

/** What the thread is told first. */
export interface Begin extends Keeping {
  readonly directory: string;
}

/** What the thread is told: where it writes, then what, then that nothing more comes. Each is answered. */
export type Told = { readonly begin: Begin } | { readonly batch: Batch } | "end";

/** What came of it. */
export type Done = { readonly error?: string };

const thread = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;
let segments: Segments | undefined;

thread.onmessage = ({ data }: MessageEvent<Told>) => thread.postMessage(done(data));

function done(told: Told): Done {
  try {
    if (told === "end") segments?.close();
    else if ("begin" in told) segments = new Segments(told.begin.directory, told.begin);
    else segments?.write(told.batch, Date.now());
    return {};
  } catch (error) {
    return { error: messageOf(error) };
  }
}
