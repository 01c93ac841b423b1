/**
 * The thread that compresses and writes what is kept of sessions: the disk may be slow.
 * @module
 */
import { answerCalls } from "../base/thread.ts";
import type { Batch } from "./frame.ts";
import { type Keeping, Segments } from "./segments.ts";

let segments: Segments | undefined;

const functions = {
  /** To be called first. */
  open: (directory: string, keeping: Keeping): void =>
    void (segments = new Segments(directory, keeping)),
  write: (batch: Batch): void => segments!.write(batch, Date.now()),
  close: (): void => segments?.close(),
};

/** What the thread can be asked. */
export type SegmentFunctions = typeof functions;

answerCalls(functions);
