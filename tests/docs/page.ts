/**
 * A page of the documentation as a test sees it: files that it shows, and commands with what they print.
 *
 * A line `<!-- policy.ts -->` before a block of code says that the block is that file. In a block of the
 * language `console`, what stands behind `$ ` is typed, and the lines below it are what comes out. A line
 * `<!-- needs: procmail -->` names the programs without which something else comes out. So does a line
 * `<!-- a machine with: procmail -->` on a page whose commands need root and a machine that nobody else uses.
 *
 * @module
 */

/** Something that a page shows and that can be carried out. */
export type Step =
  | { readonly file: string; readonly content: string }
  | { readonly command: string; readonly output: string };

const BLOCK = /(?:^<!-- (\S+) -->\n+)?^```(\w*)\n([^]*?)^```$/gm;

/** Programs that a page may type, and that not every machine has. */
const TYPED = /\b(?:curl|swaks|nc|dig|openssl)\b/g;

/** The programs that a page needs: those that it names, and those that it types. */
export const programsOf = (page: string): string[] => {
  const named = [...page.matchAll(/^<!-- needs: (.*) -->$/gm)];
  const typed = stepsOf(page).flatMap((step) => "command" in step ? [step.command] : []);
  return [
    ...new Set([
      ...named.flatMap(([, names = ""]) => names.split(", ")),
      ...typed.flatMap((command) => command.match(TYPED) ?? []),
    ]),
  ];
};

/** The programs that a page needs on a machine of its own, on which root does what it says; `undefined` for others. */
export const machineOf = (page: string): string[] | undefined =>
  /^<!-- a machine with: (.*) -->$/m.exec(page)?.[1]?.split(", ");

/** What a page shows, in its order. */
export function stepsOf(page: string): Step[] {
  return [...page.matchAll(BLOCK)].flatMap(([, file, language, text = ""]): Step[] => {
    if (file !== undefined) return [{ file, content: text }];
    return language === "console" ? commandsIn(text) : [];
  });
}

/** The files that a section of a page shows, by their names. */
export function filesOf(page: string, heading: string): Record<string, string> {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const steps = stepsOf(section.split("\n## ")[0]!);
  return Object.fromEntries(
    steps.flatMap((step) => "file" in step ? [[step.file, step.content]] : []),
  );
}

function commandsIn(block: string): Step[] {
  const [, ...parts] = `\n${block}`.split(/^\$ /m);
  return parts.map((part) => {
    const [command = ""] = /^(?:.*\\\n)*.*/.exec(part) ?? [];
    return { command, output: part.slice(command.length + 1) };
  });
}

/** What differs from run to run, made the same. */
export function normalized(output: string): string {
  return output
    .replaceAll("\r\n", "\n") // a terminal shows them alike
    .replace(/\b[0-9A-Z]{10,14}\b/g, "ID")
    .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z\b/g, "TIME")
    .replace(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? \w{3} \d{4} [\d:]{8} \+0000/g, "DATE")
    .replace(/\b\d+(\.\d+)? ms\b/g, "N ms")
    .replace(/ *\b\d+ s\b/g, " N s")
    .trimEnd();
}
