/**
 * What is said at the control socket: JSON, one value a line. A connection has one request and its answer: a line for
 * each item, then one for the end, or for the error.
 * @module
 */
import { z } from "zod";
import { REFUSAL_KINDS } from "../handler/outcome.ts";
import type { Change, Filter, Traced } from "../queue/store.ts";

/** The most octets of a request. */
export const LONGEST_REQUEST: number = 1024 * 1024;
/** The most recipients of a page. */
export const LARGEST_PAGE = 2000;
/** The most messages that are traced at once. */
const MOST_TRACED = 100;
/** The most octets of the head of a message. */
export const LARGEST_HEAD: number = 256 * 1024;

const time = z.int();
const text = z.string().max(1000);
const limit = (most: number) => z.int().min(1).max(most);
const after = z.int().min(0);

const filter: z.ZodType<Filter, unknown> = z.strictObject({
  ids: z.array(text).exactOptional(),
  to: text.exactOptional(),
  from: text.exactOptional(),
  domain: text.exactOptional(),
  before: time.exactOptional(),
  states: z.array(z.enum(["waiting", "active", "held", "ended"])).exactOptional(),
  reason: text.exactOptional(),
  kind: z.enum(REFUSAL_KINDS).exactOptional(),
  target: text.exactOptional(),
  user: text.exactOptional(),
});

const change: z.ZodType<Change, unknown> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("hold"), reason: text }),
  z.strictObject({ kind: z.literal("release"), due: time }),
  z.strictObject({ kind: z.literal("retry"), due: time }),
  z.strictObject({
    kind: z.literal("reroute"),
    target: z.strictObject({ target: text, args: z.record(text, z.unknown()) }),
    destination: text,
    due: time,
  }),
  z.strictObject({ kind: z.literal("bounce"), reason: text, due: time }),
  z.strictObject({ kind: z.literal("drop"), time }),
]);

const traced: z.ZodType<Traced, unknown> = z.union([
  z.strictObject({ id: text }),
  z.strictObject({ messageId: text }),
  z.strictObject({ sender: text }),
  z.strictObject({ recipient: text }),
]);

const values = z.record(z.string(), z.unknown());

const request = z.discriminatedUnion("ask", [
  z.strictObject({ ask: z.literal("find"), filter, after, limit: limit(LARGEST_PAGE) }),
  z.strictObject({
    ask: z.literal("change"),
    filter,
    change,
    page: z.strictObject({ after, limit: limit(LARGEST_PAGE), dryRun: z.boolean() }),
  }),
  z.strictObject({ ask: z.literal("stats") }),
  z.strictObject({ ask: z.literal("head"), id: text, octets: limit(LARGEST_HEAD) }),
  z.strictObject({ ask: z.literal("trace"), what: traced, limit: limit(MOST_TRACED) }),
  z.strictObject({ ask: z.literal("reload") }),
  z.strictObject({ ask: z.literal("compare"), written: values, fixed: values }),
]);

/** What a client asks. */
export type Request = z.output<typeof request>;

/**
 * The request in a line.
 *
 * @throws {Error} that says what is wrong with it
 */
export function parseRequest(line: string): Request {
  const { data, error } = request.safeParse(JSON.parse(line));
  if (error === undefined) return data;
  throw new Error(`a request that makes no sense: ${z.prettifyError(error)}`);
}

/** A line of an answer. */
export type AnswerLine =
  /** One of many: a recipient, a message. */
  | { readonly item: unknown }
  /** All is said. */
  | { readonly end: unknown }
  /** Nothing, or nothing more, was done. */
  | { readonly error: string };
