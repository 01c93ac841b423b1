/**
 * `docs/configuration.md`: every key of the configuration, made from its schema.
 *
 * @module
 */
import { readyMade } from "../../handlers/registry.ts";
import { type JsonSchema, jsonSchema, settingsKeys } from "../config/mod.ts";
import { code, examplesOf, type Key, keysIn, lines, meaning, resolved, wording } from "./form.ts";
import { block, checkNotes, paragraphs, type Parts, table } from "./page.ts";

/** The last section. */
const HANDLERS = "Ready-made handlers";

/** Keys that stand together. */
interface Section {
  readonly title: string;
  readonly settings: Key[];
}

/** The page in Markdown that is not formatted yet. */
export function configurationPage(parts: Parts): string {
  const { introduction, notes } = parts;
  const root = jsonSchema();
  const sections = sectionsOf(root);
  const names = sections.flatMap(({ settings }) => settings.map(({ name }) => name));
  checkNotes(parts, [...names, HANDLERS]);
  return paragraphs(
    introduction,
    contents(sections),
    ...sections.map(({ title, settings }) =>
      paragraphs(
        `## ${title}`,
        ...settings.map((setting) => settingText(setting, root, notes.get(setting.name))),
      )
    ),
    handlersText(root, notes.get(HANDLERS)),
  );
}

/** The settings in the order of the schema; a section begins with the key that names it. */
function sectionsOf(root: JsonSchema): readonly Section[] {
  const sections: Section[] = [];
  for (const setting of keysIn(root).filter(({ name }) => settingsKeys.has(name))) {
    const title = settingsKeys.get(setting.name)!.schema.meta()?.["section"];
    if (title !== undefined || sections.length === 0) {
      sections.push({ title: String(title ?? "Settings"), settings: [] });
    }
    sections.at(-1)!.settings.push(setting);
  }
  return sections;
}

function contents(sections: readonly Section[]): string {
  const links = sections.map(({ title, settings }) =>
    `- ${title}: ${settings.map(({ name }) => `[\`${name}\`](#${name})`).join(", ")}`
  );
  return [...links, `- [${HANDLERS}](#ready-made-handlers)`].join("\n");
}

function settingText({ name, schema }: Key, root: JsonSchema, note?: string): string {
  const isMapping = schema.properties !== undefined;
  const facts = isMapping ? [] : [
    `- Value: ${wording(schema, root)}`,
    ...schema.default === undefined ? [] : [`- Default: ${code(schema.default)}`],
  ];
  const examples = examplesOf(schema);
  const short = examples.filter(isShort);
  const long = examples.filter((example) => !isShort(example));
  if (short.length > 0) {
    facts.push(`- ${short.length > 1 ? "Examples" : "Example"}: ${short.map(code).join(", ")}`);
  }
  return paragraphs(
    `### \`${name}\``,
    linked(meaning(schema, root), [name]),
    facts.join("\n"),
    ...long.map((example) => block("yaml", lines({ [name]: example }))),
    keysText(keysIn(schema), root),
    note,
  );
}

/** A mapping of more than a name and a value deserves lines of its own. */
const isShort = (example: unknown): boolean => code(example).length <= 40;

/** The longest meaning that looks well in a table. */
const WIDE = 130;

/** A table of keys, or a list if there is much to say. */
function keysText(keys: readonly Key[], root: JsonSchema): string {
  const rows = rowsOf(keys, root);
  return rows.some(({ meaning }) => meaning.length > WIDE)
    ? items(rows).join("\n")
    : table(["Key", "Value", "Default", "Meaning"], rows.map((row) => Object.values(row)));
}

/** What there is to say of a key. */
interface Row {
  readonly key: string;
  readonly value: string;
  readonly standard: string;
  readonly meaning: string;
}

function rowsOf(keys: readonly Key[], root: JsonSchema): readonly Row[] {
  const names = keys.map(({ name }) => name);
  return keys.map(({ name, schema, required }) => ({
    key: `\`${name}\``,
    value: wording(schema, root),
    standard: required ? "required" : schema.default === undefined ? "" : code(schema.default),
    meaning: linked(meaning(schema, root), names),
  }));
}

/** The items of a list of keys. */
const items = (rows: readonly Row[]): string[] =>
  rows.map(({ key, value, standard, meaning }) => {
    const label = standard.startsWith("`") ? `default ${standard}` : standard;
    return `- ${key} (${[value, label].filter(Boolean).join("; ")}): ${meaning}`;
  });

/** Names of settings in a text, as links to them; the names around it stand for something else. */
function linked(text: string, around: readonly string[]): string {
  return text.replace(
    /`([a-z-]+)`/g,
    (name, key) => settingsKeys.has(key) && !around.includes(key) ? `[${name}](#${key})` : name,
  );
}

function handlersText(root: JsonSchema, note?: string): string {
  const entry = (root.properties?.["handlers"] as JsonSchema).items as JsonSchema;
  const forms = entry.anyOf?.find(({ properties }) => properties !== undefined)?.properties;
  const handlers = [...readyMade].flatMap(([name, { summary }]) => {
    const options = resolved(forms?.[name] as JsonSchema, root);
    const keys = keysIn(options);
    const value = keys.length > 0 || takesNothing(options) ? "" : ` (${wording(options, root)})`;
    return [
      `- [\`${name}\`](catalogue.md#${name})${value}: ${summary}`,
      ...items(rowsOf(keys, root)).map((line) => `  ${line}`),
    ];
  });
  return paragraphs(`## ${HANDLERS}`, note, handlers.join("\n"));
}

/** True for handlers without options. */
const takesNothing = ({ anyOf = [] }: JsonSchema): boolean =>
  anyOf.some(({ properties }) => properties !== undefined);
