/**
 * From values as they were written to settings that the schema has accepted.
 *
 * @module
 */
import type { z } from "zod";
import { readingIn } from "../base/reading.ts";
import { wanted } from "../base/wanted.ts";
import { type Finding, findings } from "./explain.ts";
import { isMapping, replaced } from "./overrides.ts";
import { type Settings, settingsSchema } from "./schema.ts";

/** What could be read. */
export interface Read {
  /** The settings; those in which something is wrong are missing. */
  readonly settings: Partial<Settings>;
  /** The names of those that are missing because something is wrong in them. */
  readonly wrong: ReadonlySet<string>;
  /** What is wrong. */
  readonly findings: readonly Finding[];
}

/** What is written under a path without quotes, as {@linkcode Document.written} says it. */
type Source = (path: readonly PropertyKey[]) => string | undefined;

/**
 * Applies the schema. A mistake in one setting does not keep the others from being read.
 *
 * @param directory where the paths of files in the options of handlers begin
 * @param source what was written where YAML has found a number, and a text is wanted
 */
export const readSettings = (
  value: unknown,
  directory: string,
  source: Source = () => undefined,
): Read => readingIn(directory, () => applied(withTexts(value, source)));

/** The value with what was written instead of a number, wherever the schema wants a text: `0049` is no 49. */
function withTexts(value: unknown, source: Source): unknown {
  const { error } = settingsSchema.safeParse(value, { reportInput: true });
  const texts = (error?.issues ?? []).flatMap((issue) => textsWanted(issue))
    .map((path) => ({ path, text: source(path) }))
    .filter(({ text }) => text !== undefined);
  if (texts.length === 0) return value;
  const better = texts.reduce((all, { path, text }) => replaced(all, path, text), value);
  return withTexts(better, source); // what is right now may show what else is not
}

/** Where a text is wanted and something else was found; in a union, one of its forms may want it. */
function textsWanted(
  issue: z.core.$ZodIssue,
  above: readonly PropertyKey[] = [],
): (readonly PropertyKey[])[] {
  const path = [...above, ...issue.path];
  if (issue.code === "invalid_union") {
    return issue.errors.flat().flatMap((inner) => textsWanted(inner, path));
  }
  const isText = issue.code === "invalid_type" && issue.expected === "string";
  return isText && typeof issue.input !== "string" ? [path] : [];
}

function applied(value: unknown): Read {
  const { data, error } = settingsSchema.safeParse(value, { error: wanted, reportInput: true });
  if (error === undefined) return { settings: data, wrong: new Set(), findings: [] };
  const found = error.issues.flatMap((issue) => findings(issue));
  const wrong = new Set(
    isMapping(value) ? error.issues.flatMap(keysOf) : settingsSchema.keyof().options,
  );
  if (!isMapping(value)) return { settings: {}, wrong, findings: found };
  const settings: Partial<Settings> = settingsSchema.parse(without(value, wrong));
  return { settings: without(settings, wrong), wrong, findings: found };
}

/** The settings that an issue is about. */
function keysOf(issue: z.core.$ZodIssue): readonly string[] {
  return issue.path.length === 0 && issue.code === "unrecognized_keys"
    ? issue.keys
    : [String(issue.path[0])];
}

function without<T extends object>(mapping: T, keys: ReadonlySet<string>): Partial<T> {
  return Object.fromEntries(
    Object.entries(mapping).filter(([key]) => !keys.has(key)),
  ) as Partial<T>;
}
