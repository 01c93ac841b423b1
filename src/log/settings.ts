/**
 * What is logged, how it looks and where it goes.
 * @module
 */
import type { Level } from "./levels.ts";

/** `text` is for people, `json` for programs: one object a line. */
export const FORMATS = ["text", "json"] as const;
/** How a log line looks. */
export type LogFormat = typeof FORMATS[number];

/** A syslog daemon: one on this machine, by its socket, or one that takes UDP. */
export type SyslogAddress =
  | { readonly socket: string }
  | { readonly host: string; readonly port: number };

/** The places a log goes to: any number of them. */
export interface LogSinks {
  /** The standard error; coloured on a terminal, unless `NO_COLOR` is set. */
  readonly stderr?: boolean | undefined;
  /** The path of a file that is appended to. */
  readonly file?: string | undefined;
  readonly syslog?: SyslogAddress | undefined;
}

/** The settings of a log. */
export interface LogSettings {
  /** Events below this level are not logged. */
  readonly level: Level;
  readonly format: LogFormat;
  readonly sinks: LogSinks;
}

/** Where syslog(3) writes. */
export const SYSLOG_SOCKET = "/dev/log";
/** The port of syslog over UDP (RFC 3164 section 2). */
export const SYSLOG_PORT = 514;
