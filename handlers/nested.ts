/**
 * Handlers in the options of handlers.
 * @module
 */
import { chain, type Handler } from "postmaster";
import { type HandlerDefinition, kinds, z } from "postmaster/making";
import { handlerEntry, type NamedHandler } from "../src/handler/entry.ts";

/** The ready-made handlers by their names. `registry.ts` fills this map, because some handlers hold others. */
export const registry: Map<string, HandlerDefinition> = new Map();

/** A handler inside the options of another; in TypeScript also the handler itself. */
export type NestedHandler = Handler | string | Readonly<Record<string, unknown>>;

const EXPECTED =
  "the name of a ready-made handler, or the name with options (`impatient: {bound: 3}`)";

const entry: z.ZodType<Handler, NestedHandler> = handlerEntry(registry, EXPECTED)
  .transform(({ ready }: NamedHandler, context) => {
    if (ready !== undefined) return ready;
    context.addIssue({
      code: "custom",
      message: `no module can stand here: it must be ${EXPECTED}`,
    });
    return z.NEVER;
  }).meta({ id: "handler" }) as z.ZodType<Handler, NestedHandler>;

/** An option that holds handlers, the outermost first: a list, or one. */
export const handlers: z.ZodType<Handler, NestedHandler | readonly NestedHandler[]> = kinds
  .oneOrMore(
    kinds.orFunction(entry),
  ).transform((list) => chain(...list)).meta({ title: "a handler, or a list of them" });
