/**
 * The words for what a schema wants.
 *
 * By convention, the error of a wrong type or value is a noun phrase, the wanted thing (`a size such as "50 MiB"`),
 * and the error of a check of its own is a sentence.
 * @module
 */
import type { z } from "zod";
import { oneOf, suggest } from "./nearest.ts";

/** What a schema wants that does not say so itself: the error map of every parse. */
export function wanted(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      // One line for each key, since only here the schema's own keys are known.
      return issue.keys.map((key: string) => unknownKey(key, keysOf(issue.inst))).join("\n");
    case "invalid_type":
      return TYPES[issue.expected] ?? `a value of type ${issue.expected}`;
    case "invalid_value":
      return `${issue.values.length > 1 ? "one of " : ""}${
        issue.values.map((value: unknown) => `\`${value}\``).join(", ")
      }`;
    case "too_small":
      return issue.origin === "array"
        ? `a list with ${issue.minimum} item or more`
        : `${issue.minimum} or more`;
    case "too_big":
      return `${issue.maximum} or less`;
    default:
      return "of the right form";
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "`true` or `false`",
  array: "a list",
  object: "a mapping (`key: value`)",
  record: "a mapping (`key: value`)",
};

function unknownKey(key: string, known: readonly string[]): string {
  const otherwise = known.length === 0 ? "there are none here" : oneOf(known);
  return `unknown key \`${key}\`: ${suggest(key, known, otherwise)}`;
}

function keysOf(schema: unknown): string[] {
  const shape = (schema as { readonly shape?: object } | undefined)?.shape;
  return Object.keys(shape ?? {});
}
