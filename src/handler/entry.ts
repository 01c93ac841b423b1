/**
 * Handlers as a configuration names them: `impatient`, `impatient: {bound: 3}`, `./policy.ts`.
 * @module
 */
import { z } from "zod";
import { shownAs } from "../base/kinds.ts";
import { messageOf } from "../base/message_of.ts";
import { oneOf, suggest } from "../base/nearest.ts";
import { wanted } from "../base/wanted.ts";
import type { HandlerDefinition } from "./define.ts";
import type { Handler } from "./handler.ts";

/** The ready-made handlers by their names. */
export type ReadyMade = ReadonlyMap<string, HandlerDefinition>;

/** A handler as the configuration names it. */
export interface NamedHandler {
  /** A ready-made handler's name, or the path of a module. */
  readonly name: string;
  /** Its options: for a module as in the configuration, for a ready-made handler as they were read. */
  readonly options: unknown;
  /** The handler, if it is a ready-made one. */
  readonly ready: Handler | undefined;
}

/** True for the path of a module, false for the name of a ready-made handler. */
export const isModule = (name: string): boolean => MODULE.test(name);

const MODULE = /\/|\.(ts|js|mjs|mts)$/;

/**
 * The schema of one entry of a list of handlers. Mistakes in the options are reported under the handler's name.
 *
 * @param readyMade the ready-made handlers
 * @param expected what an entry must be, for messages
 * @param embedded modules that are part of the program, by their names
 */
export function handlerEntry(
  readyMade: ReadyMade,
  expected: string,
  embedded: ReadonlyMap<string, unknown> = new Map(),
): z.ZodType<NamedHandler> {
  const written = z.union([
    z.string().transform((name) => ({ [name]: undefined })),
    z.record(z.string(), z.unknown()),
  ], { error: expected }).meta({ title: "a handler" });
  return shownAs(written, () => entryForm(readyMade, embedded)).transform((item, context) => {
    const fault = (message: string) => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    const [[name, options] = [], ...others] = Object.entries(item);
    const strays = others.map(([key]) => key).filter((key) =>
      !isModule(key) && !readyMade.has(key)
    );
    if (name !== undefined && strays.length > 0) {
      const beside = strays.map((key) => `\`${key}\``).join(", ");
      return fault(
        `${beside} stands beside \`${name}\`, not under it: indent options further than their handler's name`,
      );
    }
    if (name === undefined || others.length > 0) return fault(`must be ${expected}, one an item`);
    if (isModule(name) || embedded.has(name)) return { name, options, ready: undefined };
    const made = readyMade.get(name);
    if (made === undefined) {
      const known = [...embedded.keys(), ...readyMade.keys()];
      const hint = suggest(name, known, oneOf(known));
      return fault(
        `there is no handler \`${name}\`: ${hint} ` +
          `(a module of your own is written with a slash, ./${name}.ts)`,
      );
    }
    const how = { error: wanted, reportInput: true };
    const { data, error } = made.options.safeParse(options ?? undefined, how);
    for (const issue of error?.issues ?? []) {
      context.addIssue({ ...issue, path: [name, ...issue.path] });
    }
    if (error !== undefined) return z.NEVER;
    try {
      return { name, options: data, ready: made.create(data) };
    } catch (thrown) {
      return fault(`${name}: ${messageOf(thrown)}`);
    }
  });
}

/** The form of all entries: a name, a module, or one of them with options. */
function entryForm(
  readyMade: ReadyMade,
  embedded: ReadonlyMap<string, unknown>,
): z.ZodType {
  const made = [...readyMade].map(([name, { options, summary }]) => {
    const alone = options.safeParse(undefined).success;
    return { name, summary, alone, options: alone ? z.union([options, z.null()]) : options };
  });
  const own = [...embedded.keys()].map((name) => ({
    name,
    summary: "A handler that was compiled in.",
    alone: true,
    options: z.unknown(),
  }));
  const all = [...own, ...made];
  const names = all.filter(({ alone }) => alone)
    .map(({ name, summary }) => z.literal(name).describe(summary));
  const withOptions = all.map(({ name, summary, options }) =>
    [name, options.optional().describe(summary)] as const
  );
  return z.union([
    ...names,
    z.string().regex(MODULE).describe("The path of a module of your own, such as ./policy.ts."),
    z.strictObject(Object.fromEntries(withOptions)).meta({
      patternProperties: { [MODULE.source]: {} },
      minProperties: 1,
      maxProperties: 1,
    }),
  ]);
}
