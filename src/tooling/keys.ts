/**
 * A JSON Schema as a table: key, form, default, meaning.
 * @module
 */
import { stringify } from "yaml";
import type { JsonSchema } from "../config/mod.ts";
import { sentence } from "./page.ts";

/** A row of the table. */
export interface Key {
  /** With the keys around it: `syslog.port`. */
  readonly name: string;
  readonly schema: JsonSchema;
  /** What a value must be, such as `a whole number, 1 or more`. */
  readonly form: string;
  /** The default as code, `required`, or nothing. */
  readonly standard: string;
  readonly meaning: string;
}

/** The keys of all mappings that a value may be or consist of, each before those in it. */
export function keysIn(schema: JsonSchema, root: JsonSchema, around = "", optional = false): Key[] {
  if (schema.patternProperties !== undefined) return [];
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]): Key[] => {
    if (typeof value === "boolean") return [];
    const isRequired = !optional && schema.required?.includes(key);
    const row = {
      name: around + key,
      schema: value,
      form: formOf(value, root),
      standard: isRequired ? "required" : value.default === undefined ? "" : code(value.default),
      meaning: meaningOf(value, root),
    };
    return [row, ...keysIn(value, root, `${row.name}.`)];
  });
  const keys = [
    ...own,
    ...schema.anyOf?.flatMap((form) => keysIn(form, root, around, true)) ?? [],
    ...itemsOf(schema).flatMap((item) => keysIn(item, root, around)),
  ];
  return [...new Map(keys.toReversed().map((key) => [key.name, key])).values()].toReversed();
}

/** Keys as the items of a list. */
export const listOf = (keys: readonly Key[]): string =>
  keys.map(({ name, form, standard, meaning }) => {
    const label = standard.startsWith("`") ? `default ${standard}` : standard;
    return `- \`${name}\` (${[form, label].filter(Boolean).join("; ")}): ${meaning}`;
  }).join("\n");

/** What a value is for, as a sentence. */
export const meaningOf = (schema: JsonSchema, root: JsonSchema): string =>
  sentence(schema.description ?? resolved(schema, root).description ?? "");

/** What a value must be: `a duration of 1 s or more`. */
export function formOf(schema: JsonSchema, root: JsonSchema): string {
  const { title, enum: values, anyOf, type } = schema;
  if (title !== undefined) return title;
  const meant = resolved(schema, root);
  if (meant !== schema) return formOf(meant, root);
  if (values !== undefined) return either(values.map(code));
  if (schema.const !== undefined) return code(schema.const);
  if (anyOf !== undefined) {
    const forms = anyOf.filter(({ type }) => type !== "null").map((form) => formOf(form, root));
    const [first, second] = forms;
    if (second === `a list, each item ${first}`) return `${first}, or a list of them`;
    return either([...new Set(forms)]);
  }
  if (type === "array") {
    const forms = itemsOf(schema).map((item) => formOf(item, root));
    return forms.length === 0 ? "a list" : `a list, each item ${forms.join(", ")}`;
  }
  if (type === "integer" || type === "number") return numberForm(schema);
  return FORMS[String(type)] ?? "anything";
}

const FORMS: Readonly<Record<string, string>> = {
  boolean: "`true` or `false`",
  string: "a text",
  object: "a mapping",
};

function numberForm({ type, minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  const number = type === "integer" ? "a whole number" : "a number";
  if (exclusiveMinimum !== undefined) return `${number} above ${exclusiveMinimum}`;
  if (minimum === undefined) return number;
  return maximum === undefined
    ? `${number}, ${minimum} or more`
    : `${number} from ${minimum} to ${maximum}`;
}

const itemsOf = ({ items = [] }: JsonSchema): readonly JsonSchema[] =>
  [items].flat().filter((item) => typeof item !== "boolean");

/** The schema that another one refers to, as `#/definitions/handler`. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference === undefined) return schema;
  const definitions = root.definitions as Readonly<Record<string, JsonSchema>>;
  return definitions[reference.slice("#/definitions/".length)]!;
}

const either = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** A value in a line of YAML, as code. */
export const code = (value: unknown): string =>
  `\`${
    stringify(value, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 }).trim()
  }\``;

/** Examples of a value: those that the schema has, or a mapping with those of its keys. */
export function examplesOf(schema: JsonSchema): readonly unknown[] {
  if (schema.examples !== undefined) return schema.examples;
  const entries = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const [example] = typeof value === "boolean" ? [] : examplesOf(value);
    return example === undefined ? [] : [[key, example] as const];
  });
  return entries.length === 0 ? [] : [Object.fromEntries(entries)];
}
