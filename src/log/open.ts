/**
 * Opening a log: settings in, the function that writes events out.
 * @module
 */
import { configureSync, getConfig, type LogRecord, resetSync, type Sink } from "@logtape/logtape";
import { type Log, type LogEvent } from "./event.ts";
import { type Level, LEVEL_OF, LEVELS } from "./levels.ts";
import { type FileSink, fileSink } from "./file.ts";
import { jsonLine, recordOf, textLine, untimedLine } from "./format.ts";
import type { LogSettings } from "./settings.ts";
import { stderrSink } from "./stderr.ts";
import { syslogSink } from "./syslog.ts";

/** A log and how to end it. */
export interface OpenLog {
  readonly log: Log;
  /** Opens the file of the log anew. If it throws, the old file is still open. */
  reopen(): Promise<void>;
  /**
   * Opens another log, to be put in the place of this one.
   *
   * @throws {Error} if its file cannot be opened
   */
  next(settings: LogSettings): Promise<NextLog>;
  /** Writes the lines that wait, and closes files and sockets. */
  close(): Promise<void>;
}

/** A log that may be put in the place of another. The one of them that is not used is closed with this. */
export interface NextLog extends AsyncDisposable {
  /** Lines go to it from now on. */
  use(): void;
}

/** Where lines go. */
interface Outlets {
  readonly emit: Sink;
  readonly level: Level;
  readonly wanted: Readonly<Record<LogEvent, boolean>>;
  readonly file: FileSink | undefined;
  close(): Promise<void>;
}

/**
 * Opens a log. What handlers and libraries log with LogTape goes the same way, unless the program has
 * configured LogTape itself.
 *
 * @throws {Error} if the file cannot be opened
 */
export async function openLog(settings: LogSettings): Promise<OpenLog> {
  let outlets = await openOutlets(settings);
  const emit: Sink = (record) => outlets.emit(record);
  const adopts = getConfig() === null;
  if (adopts) adoptLogTape(emit, outlets.level);
  return {
    log: logTo(() => outlets),
    reopen: async () => await outlets.file?.reopen(),
    next: async (settings) => {
      let unused = await openOutlets(settings);
      return {
        use: () => {
          [outlets, unused] = [unused, outlets];
          if (adopts) adoptLogTape(emit, outlets.level);
        },
        [Symbol.asyncDispose]: () => unused.close(),
      };
    },
    close: async () => {
      if (adopts) resetSync();
      await outlets.close();
    },
  };
}

async function openOutlets({ level, format, sinks }: LogSettings): Promise<Outlets> {
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
  const closers = opening.move();
  const emit = toAll(list);
  return { emit, level, wanted: wantedAt(level), file, close: () => closers.disposeAsync() };
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
    reset: true,
    sinks: { postmaster: emit },
    loggers: [
      { category: [], lowestLevel: level, sinks: ["postmaster"] },
      { category: ["logtape", "meta"], lowestLevel: "warning" },
    ],
  });
}

/** A log of the server's events, without LogTape's loggers, which take ten times as long as its sinks. */
export function eventLog(emit: Sink, lowest: Level): Log {
  const outlets = { emit, wanted: wantedAt(lowest) };
  return logTo(() => outlets);
}

function logTo(outlets: () => Pick<Outlets, "emit" | "wanted">): Log {
  const log = (event: LogEvent, fields: LogRecord["properties"]): void => {
    const { wanted, emit } = outlets();
    if (wanted[event]) emit(recordOf(event, fields));
  };
  return Object.assign(log as Log, { wants: (event: LogEvent) => outlets().wanted[event] });
}

function wantedAt(lowest: Level): Record<LogEvent, boolean> {
  const wanted = {} as Record<LogEvent, boolean>;
  for (const event of Object.keys(LEVEL_OF) as LogEvent[]) {
    wanted[event] = LEVELS.indexOf(LEVEL_OF[event]) >= LEVELS.indexOf(lowest);
  }
  return wanted;
}
