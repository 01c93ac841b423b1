/**
 * The log on the standard error.
 * @module
 */
import type { Sink, TextFormatter } from "@logtape/logtape";
import { jsonLine, lostLines, terminalLine, textLine } from "./format.ts";
import { marking } from "./journal.ts";
import { Lines } from "./lines.ts";
import type { LogFormat } from "./settings.ts";

/** Writes lines as soon as the standard error takes them. A stuck reader costs lines, and never holds up the server. */
export function stderrSink(format: LogFormat): Sink & AsyncDisposable {
  const unmarked = formatter(format);
  const mark = marking();
  const line: TextFormatter = (record) => mark(record.level, unmarked(record));
  const lines = new Lines({
    write: (octets) => Deno.stderr.write(octets),
    mayRecover: false,
    lost: (count) => line(lostLines(count)),
  });
  const sink: Sink = (record) => {
    lines.add(line(record));
    lines.flush();
  };
  return Object.assign(sink, { [Symbol.asyncDispose]: () => lines.close() });
}

function formatter(format: LogFormat): TextFormatter {
  if (format === "json") return jsonLine;
  return Deno.stderr.isTerminal() && !Deno.noColor ? terminalLine : textLine;
}
