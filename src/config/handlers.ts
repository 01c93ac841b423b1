/**
 * The key `handlers` of the configuration.
 * @module
 */
import { z } from "zod";
import { readyMade } from "../../handlers/registry.ts";
import { chosen, options } from "../base/kinds.ts";
import { handlerEntry, type NamedHandler } from "../handler/entry.ts";
import { embedded } from "./embedded.ts";
import { isMapping } from "./overrides.ts";

const handler: z.ZodType<NamedHandler> = handlerEntry(
  readyMade,
  "the path of a module such as `./policy.ts`, the name of a ready-made handler, or one of " +
    "both with options (`impatient: {bound: 3}`)",
  embedded,
);

const handlers = z.array(handler, {
  error: "a list such as [./policy.ts, {impatient: {bound: 3}}]",
});
/** The operator's handlers, and those that are tried on live traffic. */
export interface HandlersSetting {
  readonly live: readonly NamedHandler[];
  readonly shadow?: readonly NamedHandler[] | undefined;
}
const handlersAlone: z.ZodType<HandlersSetting, unknown> = handlers.transform((live) => ({ live }));
const handlersWithShadow: z.ZodType<HandlersSetting, unknown> = options({
  live: handlers.describe("The handlers, as in a list without this key.")
    .meta({ examples: [["./policy.ts"]] }),
  shadow: handlers.optional().describe(
    "Candidates for the place of `live`: a process that can change nothing asks them about the same " +
      "events, and `postmaster shadow report` shows where they would have said something else.",
  ).meta({ examples: [["./policy-next.ts"]] }),
});
/** The key `handlers`: a list, or a mapping of two. */
export const handlersSetting: z.ZodType<HandlersSetting, unknown> = chosen(
  (value) => isMapping(value) ? handlersWithShadow : handlersAlone,
  () => z.union([handlersAlone, handlersWithShadow]),
);
