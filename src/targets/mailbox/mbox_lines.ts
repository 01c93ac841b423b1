/**
 * What an mbox has of a message (the format mboxrd): a `From ` line before it, an empty line after it, and `>` before
 * each line that begins with `From `, or has only more `>` before that.
 * @module
 */
import { Buffer } from "node:buffer";

/** A message, with Unix line ends, as an mbox has it. */
export function mboxEntry(message: Uint8Array, sender: string, time: Date): Uint8Array {
  const { buffer, byteOffset, length } = message;
  const lines = Buffer.from(buffer, byteOffset, length).toString("latin1");
  const quoted = lines.replace(/(^|\n)(>*From )/g, "$1>$2");
  const end = quoted.endsWith("\n") ? "\n" : "\n\n";
  return Buffer.concat([
    Buffer.from(fromLine(sender, time)), // UTF-8
    Buffer.from(quoted + end, "latin1"),
  ]);
}

/** The line that begins a message: the sender, and the time as in asctime(3), in UTC. */
function fromLine(sender: string, time: Date): string {
  const [day, date, month, year, clock] = time.toUTCString().replace(",", "").split(" ");
  const padded = String(Number(date)).padStart(2);
  return `From ${sender.replace(/\s/g, "_")} ${day} ${month} ${padded} ${clock} ${year}\n`;
}
