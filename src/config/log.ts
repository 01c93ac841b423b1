/**
 * The part of the schema that is about the log.
 * @module
 */
import { z } from "zod";
import { location, options, path } from "../base/kinds.ts";
import { LEVELS } from "../log/levels.ts";
import { isHost } from "../net/address.ts";
import { FORMATS, type LogSettings, SYSLOG_PORT, SYSLOG_SOCKET } from "../log/settings.ts";

const HOST = "its name, such as loghost.example.net, or its address, such as 192.0.2.1";

const syslog = z.union([
  z.boolean().transform((on) => on ? { socket: SYSLOG_SOCKET } : undefined),
  options({
    socket: path.describe("A Unix socket on which a syslog listens.")
      .meta({ examples: [SYSLOG_SOCKET] }),
  }),
  options({
    host: z.string({ error: HOST }).refine(isHost, {
      error: ({ input }) => `\`${input}\` is no machine: write ${HOST}`,
    }).describe("A machine whose syslog takes UDP.")
      .meta({ examples: ["loghost.example.net"] }),
    port: z.int().min(1).max(65535).default(SYSLOG_PORT).describe("The port of that `host`."),
  }),
], {
  error:
    `\`true\`, \`false\`, \`{socket: ${SYSLOG_SOCKET}}\` or \`{host: NAME, port: ${SYSLOG_PORT}}\``,
});

/** What is logged, how, and where to. */
export const logSchema: z.ZodType<LogSettings> = options({
  level: z.enum(LEVELS).default("info").describe("The lowest level that is logged."),
  format: z.enum(FORMATS).default("text").describe(
    "`text` is for people, with colours on a terminal unless `NO_COLOR` is set; `json` is one object a line.",
  ),
  stderr: z.boolean().default(true).describe("Log to the standard error."),
  file: location.optional().describe(
    "Log to this file. If it is moved away (logrotate), the server creates a new one. By default " +
      "there is none.",
  ).meta({ examples: ["/var/log/postmaster.log"] }),
  syslog: syslog.prefault(false).describe(
    "Log to syslog: `true` for that of this machine, or the syslog on another socket or machine.",
  ).meta({ examples: [true, { socket: SYSLOG_SOCKET }, { host: "loghost.example.net" }] }),
}).refine(({ stderr, file, syslog }) => stderr || file !== undefined || syslog !== undefined, {
  error: "a log has to go somewhere: set `stderr: true`, `file` or `syslog`",
}).transform(({ level, format, ...sinks }) => ({ level, format, sinks }));
