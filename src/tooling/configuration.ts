/**
 * The parts of `docs/configuration.md` that its schema makes: every key of the configuration.
 * @module
 */
import { stringify } from "yaml";
import { jsonSchema, settingsKeys } from "../config/mod.ts";
import { code, examplesOf, type Key, keysIn, listOf } from "./keys.ts";
import { block, contents, paragraphs, type Parts } from "./page.ts";

/** The parts of the page, by keys; `contents` is a table of them. */
export function configurationParts(page: string): Parts {
  const root = jsonSchema();
  const keys = keysIn(root, root).filter(({ name }) => settingsKeys.has(name));
  const about = new Map(keys.map((key) => [key.name, linked(key.meaning, "")]));
  return new Map([
    ["contents", contents(page, about)],
    ...keys.map((key) => [key.name, keyText(key, keysIn(key.schema, root))] as const),
  ]);
}

function keyText({ name, schema, form, meaning }: Key, inner: readonly Key[]): string {
  const examples = Map.groupBy(examplesOf(schema), (example) => code(example).length <= 40);
  const short = examples.get(true)?.map(code).join(", ");
  const facts = schema.properties === undefined && [
    `- Value: ${form}`,
    schema.default === undefined ? "" : `- Default: ${code(schema.default)}`,
    short === undefined ? "" : `- Examples: ${short}`,
  ];
  return paragraphs(
    linked(meaning, name),
    facts === false ? "" : facts.filter(Boolean).join("\n"),
    ...(examples.get(false) ?? []).map((example) => block("yaml", stringify({ [name]: example }))),
    linked(listOf(inner), name),
  );
}

/** Names of keys in a text as links to them, but for the key that it is about. */
const linked = (text: string, about: string): string =>
  text.replace(
    /(?<!^- )`([a-z-]+)`/gm,
    (name, key) => settingsKeys.has(key) && key !== about ? `[${name}](#${key})` : name,
  );
