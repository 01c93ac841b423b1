/**
 * `postmaster trace`: the lives of messages.
 * @module
 */
import { printable } from "../../log/escape.ts";
import type { QueueDesk, Traced } from "../../queue/store.ts";
import { Printer } from "../printer.ts";
import { lifeAsJson, messageLines, recipientLines, sessionLines } from "./life.ts";
import { Progress } from "./progress.ts";

/** Prints the lives of messages, the newest first. Throws if there is none. */
export async function trace(
  desk: QueueDesk,
  what: Traced,
  limit: number,
  json: boolean,
): Promise<void> {
  using progress = new Progress(() => "looking");
  const traces = await desk.trace(what, limit);
  progress[Symbol.dispose]();
  if (traces.length === 0) throw new Error("no message that matches is in the queue or was lately");
  const now = Date.now();
  const printer = new Printer();
  for (const [i, trace] of traces.entries()) {
    const lines = json ? [JSON.stringify(lifeAsJson(trace))] : [
      ...i === 0 ? [] : [""],
      ...messageLines(trace, now),
      ...sessionLines(trace.message),
      ...trace.recipients.flatMap((recipient) => recipientLines(recipient, now)),
    ];
    for (const line of lines) printer.print(printable(line));
    printer.flush();
  }
  if (traces.length === limit) {
    console.error(`These are the newest ${limit}: --limit shows more.`);
  }
}
