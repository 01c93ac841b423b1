/**
 * The part of the schema that is about the log.
 *
 * @module
 */
import { z } from "zod";
import { path } from "../base/kinds.ts";
import { LEVELS } from "../log/event.ts";
import { FORMATS, type LogSettings, SYSLOG_PORT, SYSLOG_SOCKET } from "../log/settings.ts";

const syslog = z.union([
  z.boolean().transform((on) => on ? { socket: SYSLOG_SOCKET } : undefined),
  z.strictObject({ socket: path }),
  z.strictObject({ host: z.string(), port: z.int().min(1).max(65535).default(SYSLOG_PORT) }),
], {
  error:
    `\`true\`, \`false\`, \`{socket: ${SYSLOG_SOCKET}}\` or \`{host: NAME, port: ${SYSLOG_PORT}}\``,
});

/** What is logged, how, and where to. */
export const logSchema: z.ZodType<LogSettings> = z.strictObject({
  level: z.enum(LEVELS).default("info").describe("The lowest level that is logged."),
  format: z.enum(FORMATS).default("text").describe("Lines for people or for programs."),
  stderr: z.boolean().default(true).describe("Log to the standard error."),
  file: path.optional().describe("Log to this file."),
  syslog: syslog.prefault(false).describe(
    "Log to syslog: `true` for the one of this machine, `{socket: PATH}` or `{host: NAME, port: 514}`.",
  ),
}).transform(({ level, format, ...sinks }) => ({ level, format, sinks }));
