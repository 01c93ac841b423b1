/**
 * Opening a log: settings in, the function that writes events out.
 * @module
 */
import { configureSync, getConfig, type LogRecord, resetSync, type Sink } from "@logtape/logtape";
import { type Log, type LogEvent } from "./event.ts";
import { type Level, LEVEL_OF, LEVELS } from "./levels.ts";
import { fileSink } from "./file.ts";
import { jsonLine, recordOf, textLine, untimedLine } from "./format.ts";
import type { LogSettings } from "./settings.ts";
import { stderrSink } from "./stderr.ts";
import { syslogSink } from "./syslog.ts";

/** A log and how to end it. */
export interface OpenLog {
  readonly log: Log;
  /** Opens the file of the log anew. If it throws, the old file is still open. */
  reopen(): Promise<void>;
  /** Writes the lines that wait, and closes files and sockets. */
  close(): Promise<void>;
}

/**
 * Opens a log. What handlers and libraries log with LogTape goes the same way, unless the program has
 * configured LogTape itself.
 *
 * @throws {Error} if the file cannot be opened
 */
export async function openLog({ level, format, sinks }: LogSettings): Promise<OpenLog> {
  await using opening = new AsyncDisposableStack();
  const list: Sink[] = [];
  const line = format === "json" ? jsonLine : undefined;
  const file = sinks.file === undefined
    ? undefined
    : opening.use(await fileSink(sinks.file, line ?? textLine));
  if (file !== undefined) list.push(file);
  if (sinks.syslog !== undefined) {
    list.push(opening.use(syslogSink(sinks.syslog, line ?? untimedLine)));
  }
  if (sinks.stderr === true) list.push(opening.use(stderrSink(format)));

  const emit = toAll(list);
  if (getConfig() === null) {
    adoptLogTape(emit, level);
    opening.defer(resetSync);
  }
  const closers = opening.move();
  return {
    log: eventLog(emit, level),
    reopen: async () => await file?.reopen(),
    close: () => closers.disposeAsync(),
  };
}

/** A sink that passes records to several; an error of one does not concern the others. */
function toAll(sinks: readonly Sink[]): Sink {
  return (record) => {
    for (const sink of sinks) {
      try {
        sink(record);
      } catch {
        // there is no place to report that a log fails
      }
    }
  };
}

function adoptLogTape(emit: Sink, level: Level): void {
  configureSync({
    sinks: { postmaster: emit },
    loggers: [
      { category: [], lowestLevel: level, sinks: ["postmaster"] },
      { category: ["logtape", "meta"], lowestLevel: "warning" },
    ],
  });
}

/** A log of the server's events, without LogTape's loggers, which take ten times as long as its sinks. */
export function eventLog(emit: Sink, lowest: Level): Log {
  const wanted = {} as Record<LogEvent, boolean>;
  for (const event of Object.keys(LEVEL_OF) as LogEvent[]) {
    wanted[event] = LEVELS.indexOf(LEVEL_OF[event]) >= LEVELS.indexOf(lowest);
  }
  const log = (event: LogEvent, fields: LogRecord["properties"]): void => {
    if (!wanted[event]) return;
    emit(recordOf(event, fields));
  };
  return Object.assign(log as Log, { wants: (event: LogEvent) => wanted[event] });
}
