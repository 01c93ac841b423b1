/**
 * What a JSON Schema says, in words and in YAML.
 *
 * @module
 */
import { Document, isPair, isScalar, isSeq, stringify, visit } from "yaml";
import type { JsonSchema } from "../config/mod.ts";
import { sentence } from "./page.ts";

/** A key in a schema, however deep. */
export interface Key {
  /** With the keys around it: `syslog.port`. */
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/** The keys of a mapping, of the mappings that a value may be and of those in lists, each before those in it. */
export function keysIn(schema: JsonSchema, around = ""): Key[] {
  if (schema.patternProperties !== undefined) return [];
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]): Key[] => {
    if (typeof value === "boolean") return [];
    const name = around + key;
    const required = schema.required?.includes(key) ?? false;
    return [{ name, schema: value, required }, ...keysIn(value, `${name}.`)];
  });
  const items = [schema.items ?? []].flat();
  const forms = schema.anyOf?.flatMap((form) => keysIn(form, around)) ?? [];
  const inner = [
    ...forms.map((key) => ({ ...key, required: false })), // another form does without
    ...items.flatMap((item) => typeof item === "boolean" ? [] : keysIn(item, around)),
  ];
  const known = new Set<string>();
  return [...own, ...inner].filter(({ name }) => !known.has(name) && known.add(name));
}

/** What a key is for, as a sentence. */
export function meaning(schema: JsonSchema, root: JsonSchema): string {
  return sentence(schema.description ?? resolved(schema, root).description ?? "");
}

/** What a value must be: `a duration of 1 s or more`. */
export function wording(schema: JsonSchema, root: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  const inner = (part: JsonSchema | boolean) =>
    typeof part === "boolean" ? "anything" : wording(part, root);
  const meant = resolved(schema, root);
  if (meant !== schema) return wording(meant, root);
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return either(schema.enum.map(code));
  if (schema.anyOf !== undefined) return alternatives(schema.anyOf, root);
  if (schema.type === "array") {
    const items = [schema.items ?? []].flat();
    if (items.length > 1) return `a list: ${items.map(inner).join(", ")}`;
    return items.length === 0 ? "a list" : `a list, each item ${inner(items[0]!)}`;
  }
  return simple(schema);
}

function alternatives(forms: readonly JsonSchema[], root: JsonSchema): string {
  const [first, second] = forms;
  const isListOfFirst = forms.length === 2 && second?.type === "array" &&
    JSON.stringify(second.items) === JSON.stringify(first);
  if (isListOfFirst) return `${wording(first!, root)}, or a list of them`;
  const meant = forms.filter(({ type }) => type !== "null");
  return either([...new Set(meant.map((form) => wording(form, root)))]);
}

function simple({ type, minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  if (type === "boolean") return "`true` or `false`";
  if (type === "string") return "a text";
  if (type === "object") return "a mapping";
  const number = type === "integer" ? "a whole number" : "a number";
  if (exclusiveMinimum !== undefined) return `${number} above ${exclusiveMinimum}`;
  if (minimum === undefined) return number;
  return maximum === undefined
    ? `${number}, ${minimum} or more`
    : `${number} from ${minimum} to ${maximum}`;
}

/** The schema that another one only refers to, as `#/definitions/handler`. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference === undefined) return schema;
  const definitions = root.definitions as Readonly<Record<string, JsonSchema>>;
  return definitions[reference.slice("#/definitions/".length)]!;
}

const either = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** A value as it is written within a line of YAML. */
export const inline = (value: unknown): string =>
  stringify(value, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 }).trim();

/** A value in a line of YAML, as code. */
export const code = (value: unknown): string => `\`${inline(value)}\``;

/** A mapping as YAML of several lines; what fits into a line is in one. */
export function lines(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Seq: (_key, node) => {
      if (node.items.every(isScalar)) node.flow = true;
    },
    Map: (_key, node, path) => {
      if (isPair(path.at(-1)) && path.some(isSeq)) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** Examples of a value: those that the schema has, or a mapping with those of its keys. */
export function examplesOf(schema: JsonSchema): readonly unknown[] {
  if (schema.examples !== undefined) return schema.examples;
  const entries = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const [example] = typeof value === "boolean" ? [] : examplesOf(value);
    return example === undefined ? [] : [[key, example] as const];
  });
  return entries.length === 0 ? [] : [Object.fromEntries(entries)];
}
