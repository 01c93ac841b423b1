/**
 * `shadow promote`: the candidates take the place of the live handlers in the configuration file.
 * @module
 */
import { replaceFile } from "../../base/replace_file.ts";
import { type Config, findConfig, loadConfig, parseConfig } from "../../config/mod.ts";
import { promoted } from "../../config/promoted.ts";
import { printAll } from "../printer.ts";

/** The flags of the command. */
export interface PromoteFlags {
  readonly config?: string;
  readonly write?: boolean;
}

/** Prints the change, or makes it. Throws if the configuration has no shadow, or would not be good then. */
export function promote({ config: file = findConfig(), write = false }: PromoteFlags): void {
  const before = loadConfig(file);
  const { shadow, text } = before;
  if (file === undefined || shadow === undefined) {
    throw new Error(
      "there is no shadow: name candidates by `handlers: {live: [...], shadow: [...]}`",
    );
  }
  const now = promoted(text);
  if (now === undefined || namesOf(parseConfig(now, file).handlers) !== namesOf(shadow)) {
    throw new Error(
      `${file}: write the list of \`handlers.shadow\` in the place of \`handlers.live\``,
    );
  }
  if (write) {
    replaceFile(file, now, { keepMode: true });
    console.log(
      `${file}: changed; \`postmaster check\` checks the handlers, and \`postmaster reload\` takes them`,
    );
  } else printAll(changedLines(text, now).join("\n"));
}

const namesOf = (handlers: Config["handlers"]): string =>
  JSON.stringify(handlers.map(({ name, source: { options } }) => [name, options]));

/** The lines that go, with `-`, and those that come, with `+`: the change is in one place. */
function changedLines(before: string, after: string): string[] {
  const [old, now] = [before, after].map((text) => text.split("\n")) as [string[], string[]];
  const start = old.findIndex((line, i) => line !== now[i]);
  let kept = 0;
  while (kept < now.length - start && old.at(-1 - kept) === now.at(-1 - kept)) kept++;
  return [
    ...old.slice(start, old.length - kept).map((line) => `-${line}`),
    ...now.slice(start, now.length - kept).map((line) => `+${line}`),
  ];
}
