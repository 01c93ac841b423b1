/**
 * The parts of `docs/catalogue.md` that the ready-made handlers say of themselves.
 * @module
 */
import { readyMade } from "../../handlers/registry.ts";
import { type JsonSchema, jsonSchema } from "../config/mod.ts";
import { formOf, keysIn, listOf, resolved } from "./keys.ts";
import { block, contents, paragraphs, type Parts } from "./page.ts";

/** The parts of the page, by handlers: examples and options; `contents` is a table of the handlers. */
export function catalogueParts(page: string): Parts {
  const root = jsonSchema();
  const [list] = (root.properties?.["handlers"] as JsonSchema).anyOf as JsonSchema[];
  const item = list!.items as JsonSchema;
  const schemas = item.anyOf?.find(({ properties }) => properties !== undefined)?.properties;
  const sources = typescript();
  return new Map([
    [
      "contents",
      contents(page, new Map([...readyMade].map(([name, { summary }]) => [name, summary]))),
    ],
    ...[...readyMade].map(([name, { example }]) =>
      [
        name,
        paragraphs(
          block("yaml", `handlers:\n${itemsOf(example)}`),
          block("ts", sources.get(name) ?? ""),
          optionsText(schemas?.[name] as JsonSchema, root),
        ),
      ] as const
    ),
  ]);
}

/** An example as the value of `handlers`. */
function itemsOf(example: string): string {
  const list = example.startsWith("- ") ? example : `- ${example.replaceAll("\n", "\n  ")}`;
  return list.replace(/^/gm, "  ");
}

function optionsText(schema: JsonSchema, root: JsonSchema): string {
  const options = resolved(schema, root);
  const keys = keysIn(options, root);
  const takesNothing = options.anyOf?.some(({ properties }) => properties !== undefined);
  if (keys.length > 0) return listOf(keys);
  return takesNothing ? "" : `Its option is ${formOf(options, root)}.`;
}

const FOLDER = new URL("../../handlers/", import.meta.url);
/** A definition after the example in its docstring. */
const DEFINITION =
  /^ \* ```ts\n((?: \*.*\n)*?) \* ```\n(?: \*.*\n)*? \*\/\nexport const .*?=\s+defineHandler\(\{\s+name: "(.*)"/gm;

/** The examples in the docstrings of handlers, by their names. */
function typescript(): ReadonlyMap<string, string> {
  const files = [...Deno.readDirSync(FOLDER)].filter(({ isFile }) => isFile);
  return new Map(
    files.flatMap(({ name }) =>
      [...Deno.readTextFileSync(new URL(name, FOLDER)).matchAll(DEFINITION)]
        .map(([, text, handler]) => [handler!, text!.replace(/^ \* ?/gm, "")] as const)
    ),
  );
}
