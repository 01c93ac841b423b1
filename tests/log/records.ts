/**
 * Log records for the tests of this folder.
 *
 * @module
 */
import type { LogRecord } from "@logtape/logtape";
import type { Level } from "../../src/log/levels.ts";
import { CATEGORY } from "../../src/log/format.ts";

/** The record of one of our own events, of the time at which all tests of the format happen. */
export function record(
  event: string,
  properties: Record<string, unknown>,
  level: Level = "info",
): LogRecord {
  const timestamp = Date.UTC(2026, 10, 22, 20);
  return { category: CATEGORY, level, message: [event], rawMessage: event, timestamp, properties };
}
