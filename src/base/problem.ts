/**
 * What is wrong with a configuration or a file that it names, and where.
 *
 * @module
 */

/** Where something stands. */
export interface Place {
  /** The name of the file, or the flag of the command line that said it, such as `--listen`. */
  readonly file: string;
  /** From 1; a flag has none. */
  readonly line?: number;
  /** From 1; a flag has none. */
  readonly column?: number;
}

/** One thing that is wrong. */
export interface Problem extends Place {
  /** What is wrong, what was expected, and how to mend it. */
  readonly message: string;
  /** Lines of another file that show it. */
  readonly excerpt?: string | undefined;
}

/** A configuration that cannot be used: everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Sorted by place. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = sortByPlace(problems);
    super(sorted.map(printProblem).join("\n"));
    this.problems = sorted;
  }
}

/** `postmaster.yaml:3:10: what is wrong`, and the excerpt below. */
export function printProblem(problem: Problem): string {
  const said = `${printPlace(problem)}: ${problem.message}`;
  // deno-lint-ignore no-control-regex -- what a file has in it must not move the cursor
  const line = said.replace(/[\x00-\x1f\x7f]/g, (char) => JSON.stringify(char).slice(1, -1));
  return problem.excerpt === undefined ? line : `${line}\n${problem.excerpt}`;
}

/** `postmaster.yaml:3:10`. */
export function printPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

/** The files in the order in which something was found wrong with them; in each, from top to bottom. */
function sortByPlace(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  return problems.toSorted((a, b) =>
    files.indexOf(a.file) - files.indexOf(b.file) ||
    (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
  );
}
