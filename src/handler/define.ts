/**
 * Handlers with a name, a summary and a schema of their options.
 * @module
 */
import type { z } from "zod";
import { readingIn } from "../base/reading.ts";
import { wanted } from "../base/wanted.ts";
import type { EventName } from "./event.ts";
import { type Handler, named } from "./handler.ts";

/**
 * What a handler does that matters to the handlers inside or outside of it. It
 * - `accepts` recipients by itself, without asking further in for them;
 * - `asks again` for another recipient when one is refused;
 * - `checks` recipients, and so must be asked for them;
 * - `counts` refusals, which should be those that the client gets.
 */
export type Part = "accepts" | "asks again" | "checks" | "counts";

/** The description of a handler. `Read` is the type of the options that the schema has read. */
export interface HandlerDefinition<Read = unknown, Options = unknown> {
  /** Its name in a configuration, in logs and in traces. */
  readonly name: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** The schema of its options, such as `kinds.options({...})`. */
  readonly options: z.ZodType<Read, Options>;
  /** Makes the handler. */
  readonly create: (options: Read) => Handler;
  /** How a configuration uses it, in YAML: one item of `handlers`, or a list of them. */
  readonly example: string;
  /** Its part in the chain, for warnings about an order that makes no sense. */
  readonly part?: Part;
  /** The events that it always answers itself with these options, without asking further in. */
  readonly ends?: (options: Read) => readonly EventName[];
  /** The milliseconds for which it holds an answer back with these options, at most. */
  readonly waits?: (options: Read) => number;
  /** The connections to other programs that it holds open for each session. */
  readonly connections?: number;
  /** True if it needs the target `relay` with these options. */
  readonly relays?: (options: Read) => boolean;
  /** True if it puts mail on hold with these options, which takes a queue. */
  readonly holds?: (options: Read) => boolean;
}

/**
 * Makes a handler of its options, which may be left out if they may be `undefined`. Throws an error with the mistakes
 * in the options.
 */
export type HandlerFactory<Options> = (
  ...options: undefined extends Options ? [options?: Options] : [options: Options]
) => Handler;

const definitions = new WeakMap<object, HandlerDefinition>();

/**
 * Defines a handler with options. The returned function makes the handler in TypeScript. If it is the default export
 * of a module, or in the list of ready-made handlers, a configuration makes the handler of the same options, with
 * their keys in kebab-case.
 *
 * @example
 * ```ts
 * import { on, say } from "postmaster";
 * import { defineHandler, kinds } from "postmaster/making";
 *
 * export default defineHandler({
 *   name: "few-recipients",
 *   summary: "Defers what exceeds a number of recipients.",
 *   options: kinds.options({ mostAtOnce: kinds.count(1).default(10) }),
 *   create: ({ mostAtOnce }) =>
 *     on("AddRcptTo", (_event, next, { recipients }) =>
 *       recipients.length < mostAtOnce ? next() : say(4, 5, 2, "too many recipients", "4.5.3")),
 *   example: "few-recipients: { most-at-once: 5 }",
 * });
 * ```
 */
export function defineHandler<Read, Options>(
  definition: HandlerDefinition<Read, Options>,
): HandlerFactory<Options> {
  const { name, options } = definition;
  // Options that a handler gives to others are in TypeScript's form, even while a configuration is read.
  const create = (read: Read) => named(name, readingIn(undefined, () => definition.create(read)));
  const factory = (given: unknown) => create(options.parse(given, { error: wanted }));
  definitions.set(factory, { ...definition, create } as HandlerDefinition);
  return factory as HandlerFactory<Options>;
}

/** The definition behind a factory of {@linkcode defineHandler}; `undefined` for any other value. */
export const definitionOf = (value: unknown): HandlerDefinition | undefined =>
  definitions.get(value as object);
