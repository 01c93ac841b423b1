/**
 * What rspamd answers.
 * @module
 */
import type { Buffer } from "node:buffer";
import { z } from "postmaster/making";
import { FilterFault } from "../filters/failure.ts";
import { parseAnswer } from "../filters/http.ts";

/** The most header fields to add. */
const MOST_FIELDS = 1000;

/** A field to add: its value, and where from the top it belongs. */
const field = z.union([
  z.string(),
  z.object({ value: z.string(), order: z.number().int().optional() }),
]);

const schema = z.object({
  action: z.string(),
  score: z.number(),
  required_score: z.number().optional(),
  symbols: z.record(z.string(), z.object({ score: z.number().optional() })).default({}),
  messages: z.object({ smtp_message: z.string().optional() }).default({}),
  subject: z.string().optional(),
  "dkim-signature": z.union([z.string(), z.array(z.string())]).optional(),
  milter: z.object({
    add_headers: z.record(z.string(), z.union([field, z.array(field)])).default({}),
    remove_headers: z.record(z.string(), z.number().int()).default({}),
    spam_header: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  }).default({ add_headers: {}, remove_headers: {} }),
});

/** The answer to `/checkv2`, as far as it is used. */
export type RspamdAnswer = z.output<typeof schema>;

/**
 * Reads it.
 *
 * @throws {FilterFault}
 */
export function readAnswer(octets: Buffer): RspamdAnswer {
  const read = schema.safeParse(parseAnswer(octets));
  if (read.success && Object.values(read.data.milter.add_headers).flat().length > MOST_FIELDS) {
    throw new FilterFault("it adds too many header fields to a message");
  }
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new FilterFault(`its answer makes no sense: ${issue?.path.join(".")}: ${issue?.message}`);
}
