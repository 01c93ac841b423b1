/**
 * `postmaster queue show`: all of a message but its body.
 * @module
 */
import { LARGEST_HEAD } from "../../daemon/control_protocol.ts";
import { printable } from "../../log/escape.ts";
import type { QueueDesk } from "../../queue/store.ts";
import { Printer } from "../printer.ts";
import { lifeAsJson, messageLines, recipientLines } from "./life.ts";

/** Prints a message. Throws if the queue does not know it. */
export async function show(desk: QueueDesk, id: string, json: boolean): Promise<void> {
  const [trace] = await desk.trace({ id }, 1);
  if (trace === undefined) throw new Error(`the queue knows no message ${id}`);
  const header = headerOf(await desk.head(id, LARGEST_HEAD));
  const now = Date.now();
  const lines = json ? [JSON.stringify({ ...lifeAsJson(trace), header: header ?? null })] : [
    ...messageLines(trace, now),
    "",
    ...header ?? ["(the message is not kept any more)"],
    "",
    ...trace.recipients.flatMap((recipient) => recipientLines(recipient, now)),
  ];
  const printer = new Printer();
  for (const line of lines) printer.print(printable(line.replaceAll("\t", "    ")));
  printer.flush();
}

/** The lines of the header in the first octets of a message; octets that are no UTF-8 are replaced. */
function headerOf(head: Uint8Array | undefined): string[] | undefined {
  if (head === undefined) return undefined;
  const lines = new TextDecoder().decode(head).split("\r\n");
  const end = lines.indexOf("");
  return end < 0 ? lines : lines.slice(0, end);
}
