/**
 * Replies with more lines.
 * @module
 */
import { isPositive, type MaybePromise, type Reply } from "postmaster";

/** A reply with these lines behind its own, if it is positive. */
export async function withLines(
  answer: MaybePromise<Reply>,
  lines: readonly string[],
): Promise<Reply> {
  const reply = await answer;
  return isPositive(reply) ? { ...reply, lines: [...reply.lines, ...lines] } : reply;
}
