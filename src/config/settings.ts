/**
 * From values as they were written to settings that the schema has accepted.
 * @module
 */
import { dirname } from "node:path";
import type { z } from "zod";
import { ConfigError, type Problem } from "../base/problem.ts";
import { readingIn } from "../base/reading.ts";
import { wanted } from "../base/wanted.ts";
import { type Finding, findings } from "./explain.ts";
import { type Path, readDocument } from "./document.ts";
import { isMapping, type Overrides, replace, Written } from "./overrides.ts";
import { type Settings, settingsKeys, settingsSchema } from "./schema.ts";

/** What could be read. */
export interface ReadSettings {
  /** The settings; those in which something is wrong are missing. */
  readonly settings: Partial<Settings>;
  /** Those that are missing because something is wrong in them. */
  readonly wrong: ReadonlySet<keyof Settings>;
  /** What was written, and where. */
  readonly written: Written;
  /** What is wrong. */
  readonly problems: readonly Problem[];
}

/**
 * Reads settings by the schema. A mistake in one setting does not keep the others from being read. Where the schema
 * wants a text, what is written is the text, though YAML takes it for a number.
 *
 * @param file its name; paths in it begin at its directory
 * @throws {ConfigError} for what is no YAML
 */
export function readSettings(text: string, file: string, overrides: Overrides): ReadSettings {
  const document = readDocument(text, file);
  if (document.broken) throw new ConfigError(document.problems);
  const directory = dirname(file);
  const written = new Written(document, directory, overrides);
  const { findings, ...read } = readingIn(directory, () => applied(written.value, written));
  const problems = findings.map((finding) => written.problem(finding));
  return { ...read, written, problems: [...document.problems, ...problems] };
}

function applied(
  value: unknown,
  written: Written,
): Pick<ReadSettings, "settings" | "wrong"> & { readonly findings: readonly Finding[] } {
  const { data, error } = settingsSchema.safeParse(value, { error: wanted, reportInput: true });
  if (error === undefined) return { settings: data, wrong: new Set(), findings: [] };
  const textual = error.issues.flatMap((issue) => wantingText(issue)).reduce((value, path) => {
    const text = written.text(path);
    return text === undefined ? value : replace(value, path, text);
  }, value);
  if (textual !== value) return applied(textual, written);
  const found = error.issues.flatMap((issue) => findings(issue));
  const keys = isMapping(value) ? error.issues.flatMap(keysOf) : [...settingsKeys.keys()];
  const wrong = new Set(keys.flatMap((key) => settingsKeys.get(key) ?? []));
  if (!isMapping(value)) return { settings: {}, wrong, findings: found };
  const settings: Partial<Settings> = settingsSchema.parse(without(value, new Set(keys)));
  return { settings: without(settings, wrong), wrong, findings: found };
}

/** Where a text is wanted, and YAML has made a number, or `true` or `false`, of the text that stands there. */
function wantingText(issue: z.core.$ZodIssue, around: Path = []): readonly Path[] {
  const path = [...around, ...issue.path];
  if (issue.code === "invalid_union") {
    return issue.errors.flat().flatMap((one) => wantingText(one, path));
  }
  const isText = issue.code === "invalid_type" && issue.expected === "string";
  return isText && ["number", "boolean"].includes(typeof issue.input) ? [path] : [];
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
