/**
 * Pages of the documentation that are generated, but for the parts that somebody writes.
 *
 * @module
 */

import { BuildError } from "./deno.ts";

/** What is written by hand of a page. */
export interface Parts {
  /** The name of the page. */
  readonly name: string;
  /** What the page begins with. */
  readonly introduction: string;
  /** What stands at the end of the section of a key or a command, by its name. */
  readonly notes: ReadonlyMap<string, string>;
}

/** Reads the file in `pages/` that is written by hand. */
export function readParts(name: string): Parts {
  const text = Deno.readTextFileSync(new URL(`pages/${name}`, import.meta.url));
  const [introduction = "", ...sections] = text.split(/^## /m);
  const notes = sections.map((section) => {
    const [heading = "", ...lines] = section.split("\n");
    return [heading.replaceAll("`", ""), lines.join("\n").trim()] as const;
  });
  return { name, introduction: introduction.trim(), notes: new Map(notes) };
}

/** Throws a {@linkcode BuildError} for notes about what is not there, or no longer. */
export function checkNotes({ name, notes }: Parts, known: readonly string[]): void {
  const lost = [...notes.keys()].filter((about) => !known.includes(about));
  if (lost.length > 0) {
    throw new BuildError(
      `src/tooling/pages/${name} has notes about what is not: ${lost.join(", ")}`,
    );
  }
}

/** Paragraphs of those that are there. */
export const paragraphs = (...parts: readonly (string | undefined)[]): string =>
  parts.filter(Boolean).join("\n\n");

/** A table; without rows, nothing. Columns that are empty in each row are left out. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const used = head.map((_name, i) => i).filter((i) => rows.some((row) => row[i]));
  const line = (cells: readonly string[]) =>
    `| ${used.map((i) => (cells[i] ?? "").replaceAll("|", "\\|")).join(" | ")} |`;
  return [head, head.map(() => "---"), ...rows].map(line).join("\n");
}

/** A text with a capital and a full stop; of no text, none. */
export const sentence = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1) + (/(^|[.!?])$/.test(text) ? "" : ".");

/** A block of code. */
export const block = (language: string, text: string): string =>
  `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;

/** Text that is no Markdown, but for its code. */
export const plain = (text: string): string =>
  text.split(/(`[^`]*`)/).map((part, i) => i % 2 === 1 ? part : part.replace(/[<*[_]/g, "\\$&"))
    .join("");
