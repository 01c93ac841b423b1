/**
 * A configuration in which the candidates have taken the place of the live handlers.
 * @module
 */
import { isMap, isScalar, type Node, type Pair, parseDocument } from "yaml";

/** The text of a configuration, a YAML mapping. */
type Text = string;

/**
 * The same text without the pair `live` of `handlers`, and with the key `live` in the place of `shadow`: comments and
 * layout of all else stay.
 *
 * @returns `undefined` if there is no `shadow`, or if it is not written so that this can be done
 */
export function promoted(text: Text): Text | undefined {
  const handlers = parseDocument(text, { schema: "core" }).get("handlers", true);
  if (!isMap<Node, Node>(handlers)) return undefined;
  const pairOf = (name: string) =>
    handlers.items.find(({ key }) => isScalar(key) && key.value === name);
  const [live, shadow] = [pairOf("live"), pairOf("shadow")];
  if (live === undefined || shadow === undefined) return undefined;
  const cut = handlers.flow ? withinBraces(live, shadow) : linesOf(live, text);
  const [start, end] = shadow.key.range!;
  const edits = [{ ...cut, by: "" }, { start, end, by: "live" }];
  return edits.toSorted((a, b) => b.start - a.start)
    .reduce((left, { start, end, by }) => left.slice(0, start) + by + left.slice(end), text);
}

/** What goes of `{ live: [...], shadow: [...] }`: the pair with the comma between the two. */
function withinBraces(live: Pair<Node, Node | null>, shadow: Pair<Node, Node | null>) {
  const [start] = live.key.range!;
  const [next] = shadow.key.range!;
  return start < next ? { start, end: next } : { start: endOf(shadow), end: endOf(live) };
}

/** The lines of a pair. */
function linesOf(pair: Pair<Node, Node | null>, text: Text) {
  const start = text.lastIndexOf("\n", pair.key.range![0]) + 1;
  const end = endOf(pair);
  if (text[end - 1] === "\n") return { start, end };
  const newline = text.indexOf("\n", end);
  return { start, end: newline < 0 ? text.length : newline + 1 };
}

const endOf = ({ key, value }: Pair<Node, Node | null>): number => (value ?? key).range![1];
