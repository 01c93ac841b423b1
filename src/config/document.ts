/**
 * A YAML file as values of which each knows its place.
 *
 * @module
 */
import {
  type Document as YamlDocument,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type { Place, Problem } from "./problem.ts";

/** Keys and indexes that lead from the top of a document to one of its values. */
export type Path = readonly PropertyKey[];

/** What was read, and where it stands. */
export interface Document {
  /** The value, `{}` for an empty file. */
  readonly value: unknown;
  /** What is wrong with the syntax. */
  readonly problems: readonly Problem[];
  /** True if the syntax is so wrong that `value` may not be what was meant. */
  readonly broken: boolean;
  /** What is written under `path` without quotes, and YAML takes for a number, a truth value or a null. */
  written(path: Path): string | undefined;
  /** Where the value under `path` stands, or the innermost value around it that there is. */
  place(path: Path): Place;
  /** Where the key stands that `path` ends in, as {@linkcode Document.place} otherwise. */
  keyPlace(path: Path): Place;
}

/** Reads YAML. */
export function readDocument(text: string, file: string): Document {
  const lines = new LineCounter();
  const yaml = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: (a, b) => a === b || (isScalar(a) && isScalar(b) && a.source === b.source),
  });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const faults = [...yaml.errors, ...yaml.warnings];
  const problems = faults.map((fault) => ({ ...at(fault.pos[0]), message: explain(fault, text) }));
  const dangling = danglingAliases(yaml);
  for (const { source, offset } of dangling) {
    problems.push({ ...at(offset), message: quote(`*${source}`) });
  }
  keepKeys(yaml);
  const start = (node: Node | null | undefined) => at(node?.range?.[0] ?? 0);
  return {
    value: dangling.length > 0 || yaml.contents === null ? {} : yaml.toJS() ?? {},
    problems,
    broken: dangling.length > 0 || faults.some(({ code }) => !HARMLESS.has(code)),
    written: (path) => {
      const node = yaml.getIn(path, true);
      return isScalar(node) ? node.source || undefined : undefined;
    },
    place: (path) => start(descend(yaml, path).value),
    keyPlace: (path) => {
      const { key, value } = descend(yaml, path);
      return start(key ?? value);
    },
  };
}

/** Faults after which the parser still understands the rest as it was meant. */
const HARMLESS: ReadonlySet<string> = new Set(["DUPLICATE_KEY", "BAD_SCALAR_START"]);

function explain({ code, message, pos }: YAMLError, text: string): string {
  const found = /^[^\s:,\]}]*/.exec(text.slice(pos[0]))?.[0] ?? "";
  switch (code) {
    case "DUPLICATE_KEY":
      return `the key \`${found}\` is here for the second time: keep one of the two`;
    case "BAD_SCALAR_START":
      return quote(found);
    case "TAB_AS_INDENT":
      return "a tab cannot indent a line: use spaces";
    case "MULTIPLE_DOCS":
      return "`---` starts a second document: one file is one configuration, so remove it";
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return "cannot tell what belongs to what: write one `key: value` a line, keys of one mapping below " +
        "each other, and put values with `: ` in quotes";
    case "UNEXPECTED_TOKEN":
      return `\`${found || text.slice(pos[0], pos[1])}\` cannot stand here: ` +
        'put the whole value in quotes, as in "[::1]:2525"';
    case "BAD_INDENT":
      return message.startsWith("Flow")
        ? "a bracket that was opened before is not closed: close it"
        : `${message}: mend the indentation`;
    default:
      return `${message}: mend the YAML`;
  }
}

const quote = (found: string) =>
  `YAML gives the first character of \`${found}\` a meaning of its own: write "${found}", in quotes`;

/** References `*name` to anchors that do not exist. */
function danglingAliases(yaml: YamlDocument): { source: string; offset: number }[] {
  const found: { source: string; offset: number }[] = [];
  visit(yaml, {
    Alias(_key, node) {
      if (node.resolve(yaml) === undefined) {
        found.push({ source: node.source, offset: node.range?.[0] ?? 0 });
      }
    },
  });
  return found;
}

/** A key is what is written, and no number: `010`, `1e3` and `0049` are three names. */
function keepKeys(yaml: YamlDocument): void {
  visit(yaml, {
    Pair(_key, { key }) {
      if (isScalar(key) && key.source) key.value = key.source;
    },
  });
}

/** Goes down `path` as far as there is something. */
function descend(yaml: YamlDocument, path: Path): { key?: Node; value: Node | null } {
  let value = yaml.contents as Node | null;
  let key: Node | undefined;
  for (const step of path) {
    if (isAlias(value)) value = value.resolve(yaml) ?? null;
    if (isMap(value)) {
      const pair = value.items.find((item) => keyOf(item) === String(step)) as
        | Pair<Node, Node | null>
        | undefined;
      if (pair === undefined) break;
      key = pair.key;
      value = pair.value ?? pair.key;
    } else if (isSeq(value)) {
      const item = value.items[Number(step)] as Node | undefined;
      if (item === undefined) break;
      key = undefined;
      value = item;
    } else break;
  }
  return key === undefined ? { value } : { key, value };
}

const keyOf = (pair: Pair): string | undefined =>
  isScalar(pair.key) ? String(pair.key.value) : undefined;
