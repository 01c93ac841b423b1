/**
 * A YAML file as values of which each knows its place, and what was written there.
 *
 * YAML takes some texts without quotes for numbers: `0049` for 49, `0x10` for 16. A key is always the text as it was
 * written. A value is a number only if it is a decimal one without leading zeros, and {@linkcode Document.written} has
 * its text, for those that want a text.
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
  Scalar,
  visit,
  type YAMLError,
} from "yaml";
import type { Place, Problem } from "../base/problem.ts";

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
  /** Where the value under `path` stands, or the innermost value around it that there is. */
  place(path: Path): Place;
  /** Where the key stands that `path` ends in, as {@linkcode Document.place} otherwise. */
  keyPlace(path: Path): Place;
  /** What stands for the number, `true` or `false` under `path`; `undefined` if there is none. */
  written(path: Path): string | undefined;
}

/** Reads YAML. */
export function readDocument(text: string, file: string): Document {
  const lines = new LineCounter();
  const yaml = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: "core", // also for `%YAML 1.1`, to which `no` is false, and 010 is 8
    uniqueKeys: false, // `textualKeys` looks: it knows what was written
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
  const start = (node: Node | null | undefined) => at(node?.range?.[0] ?? 0);
  for (const { key, message } of keepText(yaml)) problems.push({ ...start(key), message });
  return {
    value: dangling.length > 0 || yaml.contents === null ? {} : yaml.toJS() ?? {},
    problems,
    broken: dangling.length > 0 || faults.some(({ code }) => !HARMLESS.has(code)),
    place: (path) => start(descend(yaml, path).value),
    keyPlace: (path) => {
      const { key, value } = descend(yaml, path);
      return start(key ?? value);
    },
    written: (path) => {
      const { value } = descend(yaml, path);
      const scalar = isAlias(value) ? value.resolve(yaml) : value;
      if (!isScalar(scalar) || scalar.value === null) return undefined;
      return typeof scalar.value === "string" ? undefined : scalar.source;
    },
  };
}

/** Faults after which the parser still understands the rest as it was meant. */
const HARMLESS: ReadonlySet<string> = new Set(["BAD_SCALAR_START"]);

function explain({ code, message, pos }: YAMLError, text: string): string {
  const found = /^[^\s:,\]}]*/.exec(text.slice(pos[0]))?.[0] ?? "";
  switch (code) {
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

/** A decimal number without leading zeros: what YAML takes for numbers besides has more than one meaning. */
const NUMBER = /^[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i;

/** True for a number that is one, and holds all of the digits. */
const isNumber = (value: number, source: string): boolean =>
  NUMBER.test(source) && (!Number.isInteger(value) || Number.isSafeInteger(value));

/** Makes texts of keys, and of what is no true number. Returns keys that cannot stand where they do. */
function keepText(yaml: YamlDocument): { key: Node; message: string }[] {
  const faults: { key: Node; message: string }[] = [];
  visit(yaml, {
    Scalar(_key, node) {
      const { value, source, tag } = node;
      if (tag !== undefined || typeof value !== "number" || source === undefined) return;
      if (!isNumber(value, source)) node.value = source;
    },
    Map(_key, map) {
      const seen = new Set<string>();
      for (const pair of map.items as Pair<Node, Node | null>[]) {
        pair.key = textual(pair.key, yaml);
        const key = keyOf(pair);
        if (key === undefined) continue;
        const message = key === "__proto__"
          ? "`__proto__` can be no key: it means something to JavaScript"
          : seen.has(key)
          ? `the key \`${key}\` is here for the second time: keep one of the two`
          : undefined;
        if (message !== undefined) faults.push({ key: pair.key, message });
        seen.add(key);
      }
    },
  });
  return faults;
}

/** A key with the text that was written for its value; a reference `*name` with the text at the anchor. */
function textual(key: Node, yaml: YamlDocument): Node {
  const scalar = isAlias(key) ? key.resolve(yaml) : key;
  if (!isScalar(scalar) || scalar.tag !== undefined || scalar.source === undefined) return key;
  if (scalar !== key) return Object.assign(new Scalar(scalar.source), { range: key.range ?? null });
  scalar.value = scalar.source;
  return key;
}

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
      if (pair === undefined && step === 0) continue; // one mapping in place of a list
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
