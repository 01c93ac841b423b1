/**
 * Filters that are ill, and what becomes of mail then.
 * @module
 */
import { headerField, type Reply, say } from "postmaster";
import { messageOf, z } from "postmaster/making";

/** A filter cannot be reached, is late, or says what makes no sense. */
export class FilterFault extends Error {
  override readonly name = "FilterFault";
}

/** The fault that an error of a connection means. */
export const faultOf = (error: unknown): FilterFault =>
  error instanceof FilterFault
    ? error
    : new FilterFault(`the connection fails: ${messageOf(error)}`);

/** What becomes of mail while a filter does not work. */
export type OnFailure = "defer" | "accept";

/** The option for it. */
export const onFailure: z.ZodDefault<z.ZodEnum<{ defer: "defer"; accept: "accept" }>> = z.enum([
  "defer",
  "accept",
]).default("defer").describe(
  "What becomes of mail while the filter does not work: it is deferred, or accepted with a field `X-Filter-Failed`.",
);

/** The reply to mail that waits until a filter works. */
export const DEFERRED: Reply = say(4, 5, 1, "a filter does not work, try again later", "4.7.1");

/** The field of a message that was accepted although a filter did not work. */
export const failedField = (name: string): string => headerField("X-Filter-Failed", name);
