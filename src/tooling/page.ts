/**
 * Pages of the documentation of which parts are generated: between `<!-- generated: NAME -->` and `<!-- end of NAME -->`.
 * @module
 */
import { BuildError } from "./deno.ts";

/** What is generated for a page, by names of parts. */
export type Parts = ReadonlyMap<string, string>;

/** Replaces the generated parts of a page. Throws a {@linkcode BuildError} if one has no place, or a place no part. */
export function fill(name: string, page: string, parts: Parts): string {
  const places: string[] = [];
  const filled = page.replace(PART, (_part, name) => {
    places.push(name);
    return `<!-- generated: ${name} -->\n\n${parts.get(name)}\n\n<!-- end of ${name} -->`;
  });
  const problems = [
    ...places.filter((part) => !parts.has(part)).map((part) => `there is nothing called ${part}`),
    ...[...parts.keys()].filter((part) => !places.includes(part))
      .map((part) => `it lacks <!-- generated: ${part} --> and <!-- end of ${part} -->`),
  ];
  if (problems.length > 0) throw new BuildError(`docs/${name}: ${problems.join("; ")}`);
  return filled;
}

const PART = /^<!-- generated: (.*) -->$[^]*?^<!-- end of \1 -->$/gm;

/** A table of the headings of a page that name something, by sections, with the first sentence about each. */
export function contents(page: string, about: Parts): string {
  let section = "";
  const rows = [...page.matchAll(/^(##+) (.*)$/gm)].flatMap(([, level, heading = ""]) => {
    const name = heading.replaceAll("`", "");
    const text = about.get(name);
    if (level === "##") section = text === undefined ? heading : "";
    if (text === undefined) return [];
    const [first] = text.split(/(?<=\.) /);
    const row = [section, `[${heading}](#${name.replaceAll(" ", "-")})`, first!];
    section = "";
    return [row];
  });
  return table(["", "Name", "Meaning"], rows);
}

/** Paragraphs; those that are empty or `undefined` are left out. */
export const paragraphs = (...parts: readonly (string | undefined)[]): string =>
  parts.filter(Boolean).join("\n\n");

/** A table without its empty columns; without rows, nothing. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const used = head.map((_name, i) => i).filter((i) => rows.some((row) => row[i]));
  const line = (cells: readonly string[]) =>
    `| ${used.map((i) => cells[i]!.replaceAll("|", "\\|")).join(" | ")} |`;
  return [head, head.map(() => "---"), ...rows].map(line).join("\n");
}

/** A block of code. */
export const block = (language: string, text: string): string =>
  `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;

/** A text with a capital and a full stop. */
export const sentence = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1) + (/(^|[.!?])$/.test(text) ? "" : ".");
