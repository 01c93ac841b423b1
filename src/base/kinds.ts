/**
 * The kinds of values that a configuration is made of.
 * @module
 */
import { z } from "zod";
import { messageOf } from "./message_of.ts";
import { ConfigError, printProblem } from "./problem.ts";
import { fileNamed, inPlace, isReading } from "./reading.ts";
import {
  DURATION_PATTERN,
  parseDuration,
  parseSize,
  printDuration,
  printSize,
  SIZE_PATTERN,
} from "./units.ts";
import type { Parse } from "./watched.ts";
import { wanted } from "./wanted.ts";

/** A schema that makes a value of a text. */
export type FromText<T> = z.ZodType<T, string>;

/** A text that `parse` turns into a value. An error that `parse` throws is the fault. */
export function text<T>(expected: string, parse: (text: string) => T): FromText<T> {
  return z.string({ error: expected }).transform(attempt(parse));
}

/** `parse` as a transformation of a schema: an error that it throws is the fault. */
export function attempt<I, T>(parse: (input: I) => T): (input: I, context: z.RefinementCtx) => T {
  return (input, context) => {
    try {
      return parse(input);
    } catch (error) {
      const all = error instanceof ConfigError
        ? error.problems.map(printProblem)
        : [messageOf(error)];
      for (const message of all) context.addIssue({ code: "custom", message, input });
      return z.NEVER;
    }
  };
}

/**
 * Gives a schema another form for readers of schemas, such as the JSON Schema of the configuration. For schemas that
 * do not show by themselves what they read.
 *
 * @returns the schema itself
 */
export function shownAs<S extends z.ZodType>(schema: S, form: () => z.ZodType): S {
  schema._zod.processJSONSchema = (context, _json, params) => {
    const shown = form();
    z.core.process(shown, context, params);
    context.seen.get(schema)!.ref = shown;
  };
  return schema;
}

/**
 * Reads with the schema that `choose` picks for a value, so that mistakes are those of one form, and not of a union
 * whose forms all fail.
 *
 * @param form all that may be chosen, as in a configuration
 */
export function chosen<T, I>(
  choose: (value: unknown) => z.ZodType<T>,
  form: () => z.ZodType,
): z.ZodType<T, I> {
  return shownAs(z.unknown(), form).transform((value, context) => {
    const how = { async: false, error: wanted, reportInput: true };
    const read = choose(value)._zod.run({ value, issues: [] }, how);
    if (read instanceof Promise) throw new TypeError("options are read at once");
    context.issues.push(...read.issues);
    return read.value;
  }) as z.ZodType<T, I>;
}

/** A function, or a value for `schema`: TypeScript can use code, a configuration uses data. */
export function orFunction<T, I>(schema: z.ZodType<T, I>): z.ZodType<T, I | T> {
  return chosen((value) => typeof value === "function" ? z.any() : schema, () => schema);
}

/** The schemas of options that only TypeScript can give. */
const inCode = new WeakSet<z.core.$ZodType>();

/**
 * A mapping with these options only. The keys of the shape are in camelCase, as in TypeScript and in the result; a
 * configuration has them in kebab-case.
 */
export function options<const Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodType<z.output<z.ZodObject<Shape>>, z.input<z.ZodObject<Shape>>> {
  const keys = Object.keys(shape).filter((key) => !inCode.has(shape[key]!));
  const names = keys.map((key) => [key, kebabCase(key)] as const);
  const typed = z.strictObject(shape);
  const written = z.strictObject(
    Object.fromEntries(names.map(([key, name]) => [name, shape[key]!])),
  );
  const renamed = written.transform((read) =>
    Object.fromEntries(names.flatMap(([key, name]) => name in read ? [[key, read[name]]] : []))
  );
  return chosen(() => isReading() ? renamed : typed, () => written) as z.ZodType<
    z.output<typeof typed>,
    z.input<typeof typed>
  >;
}

/** No options. */
export const none: z.ZodType<object, undefined> = options({}).prefault({}) as z.ZodType<
  object,
  undefined
>;

/** `minUid` as a configuration writes it. */
export const kebabCase = (key: string): string =>
  key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A key of {@linkcode options} in the form of the options that are being read: for the path of an issue. */
export const keyAsWritten = (key: string): string => isReading() ? kebabCase(key) : key;

/** An option that is a function: only TypeScript can give it; a configuration has no such key. */
export function code<F>(): z.ZodOptional<z.ZodType<F, F>> {
  const schema = z.custom<F>((value) => typeof value === "function", { error: "a function" })
    .optional();
  inCode.add(schema);
  return schema;
}

/** One thing or a list of one or more, as a list. */
export const oneOrMore = <T, I>(
  item: z.ZodType<T, I>,
): z.ZodType<readonly T[], I | readonly I[]> => oneOrList(item, z.array(item).min(1));

/** One thing or a list of them, which may be empty, as a list. */
export const anyNumber = <T, I>(
  item: z.ZodType<T, I>,
): z.ZodType<readonly T[], I | readonly I[]> => oneOrList(item, z.array(item));

function oneOrList<T, I>(
  item: z.ZodType<T, I>,
  list: z.ZodArray<z.ZodType<T, I>>,
): z.ZodType<readonly T[], I | readonly I[]> {
  return chosen(
    (value): z.ZodType<readonly T[]> =>
      Array.isArray(value) ? list : item.transform((one) => [one]),
    () => z.union([item, list]),
  );
}

/** A list of `least` items or more. */
export function list<T, I>(
  item: z.ZodType<T, I>,
  expected?: string,
  least = 0,
): z.ZodType<readonly T[], readonly I[]> {
  const items = z.array(item, expected === undefined ? {} : { error: expected });
  return (least > 0 ? items.min(least) : items) as z.ZodType<readonly T[], readonly I[]>;
}

/** A whole number, of `least` or more. */
export function count(least: number): z.ZodType<number, number> {
  const error = ({ code }: z.core.$ZodRawIssue) =>
    code === "invalid_type" ? "a whole number" : undefined;
  return z.int({ error }).min(least);
}

/** Octets, `least` or more. */
export function size(least: number): z.ZodType<number, string | number> {
  const error = "a size such as `50 MiB`";
  const form = () => z.union([z.string({ error }).regex(SIZE_PATTERN), z.number().min(least)]);
  return shownAs(z.union([z.string(), z.number()], { error }), form)
    .transform(attempt((input) => atLeast(parseSize(String(input)), least, printSize)))
    .meta({ title: from("a size", least, printSize) });
}

/** The longest time that a timer can wait. */
const LONGEST = 2 ** 31 - 1;

/** Milliseconds, `least` or more. */
export function duration(least: number): z.ZodType<number, string | number> {
  return lifetime(least).refine((milliseconds) => milliseconds <= LONGEST, {
    error: ({ input }) => `\`${printDuration(Number(input))}\` is too long: make it 24 d or less`,
  });
}

/** As {@linkcode duration}, for times that no timer waits for: they may be years. */
export function lifetime(least: number): z.ZodType<number, string | number> {
  const error = "a duration such as `5 min`";
  const withUnit = z.string({ error }).regex(DURATION_PATTERN);
  const form = () => least > 0 ? withUnit : z.union([withUnit, z.literal(0)]);
  return shownAs(z.union([z.string(), z.number()], { error }), form)
    .transform(attempt((input) => atLeast(parseDuration(String(input)), least, printDuration)))
    .meta({ title: from("a duration", least, printDuration) });
}

/** `a size of 1 KiB or more`. */
const from = (kind: string, least: number, print: (value: number) => string): string =>
  least > 0 ? `${kind} of ${print(least)} or more` : kind;

/** A value for `kind`, or `unlimited`. */
export function orUnlimited(
  kind: z.ZodType<number, string | number>,
): z.ZodType<number | undefined, string | number> {
  return z.union([z.literal("unlimited").transform(() => undefined), kind]);
}

function atLeast(value: number, least: number, print: (value: number) => string): number {
  if (value >= least) return value;
  throw new TypeError(`\`${print(value)}\` is too little: make it ${print(least)} or more`);
}

/** The path of a file or a program. */
export const path: z.ZodType<string, string> = z.string({ error: "the path of a file" })
  .min(1, { error: "the path of a file" });

/** A path that, in a configuration, begins at the directory of that. */
export const location: z.ZodType<string, string> = path.transform(inPlace);

/**
 * The path of a file that a handler reads. In a configuration it is relative to the configuration's directory, the
 * file must exist, and `check` must accept its content.
 */
export function file<T>(check: Parse<T>): z.ZodType<string, string> {
  return path.transform(attempt((written) => fileNamed(written, check)));
}

/** A command with its arguments. */
export function command(example: string): z.ZodType<readonly string[], readonly string[]> {
  const expected = `a list, the program and its arguments, such as ${example}`;
  const argument = z.string({ error: "a text: put it in quotes" });
  return z.array(argument, { error: expected }).min(1, { error: expected });
}
