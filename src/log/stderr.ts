/**
 * The log on the standard error.
 *
 * @module
 */
import type { Sink, TextFormatter } from "@logtape/logtape";
import { jsonLine, terminalLine, textLine } from "./format.ts";
import type { Format } from "./settings.ts";

const encoder = new TextEncoder();

/** Writes each line at once. What cannot be written is lost. */
export function stderrSink(format: Format): Sink {
  const line = formatter(format);
  return (record) => {
    let bytes = encoder.encode(`${line(record)}\n`);
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
  };
}

function formatter(format: Format): TextFormatter {
  if (format === "json") return jsonLine;
  return Deno.stderr.isTerminal() && !Deno.noColor ? terminalLine : textLine;
}
