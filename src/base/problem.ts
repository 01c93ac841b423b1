/**
 * Mistakes in a configuration or in a file that it names, with their places.
 * @module
 */

/** A place in a file. */
export interface Place {
  /** The name of the file, or the flag of the command line, such as `--listen`. */
  readonly file: string;
  /** From 1; a flag has none. */
  readonly line?: number;
  /** From 1; a flag has none. */
  readonly column?: number;
}

/** One mistake. */
export interface Problem extends Place {
  /** The mistake, what was expected, and the cure. */
  readonly message: string;
  /** Lines of another file that show it. */
  readonly excerpt?: string | undefined;
}

/** A configuration that cannot be used, with all its mistakes. */
export class ConfigError extends Error {
  /** Its name, for logs. */
  override readonly name = "ConfigError";
  /** Sorted by place. */
  readonly problems: readonly Problem[];

  /** An error with these problems, in any order. */
  constructor(problems: readonly Problem[]) {
    const sorted = sortByPlace(problems);
    super(sorted.map(printProblem).join("\n"));
    this.problems = sorted;
  }
}

/** `postmaster.yaml:3:10: the mistake`, and the excerpt below. */
export function printProblem(problem: Problem): string {
  const said = `${printPlace(problem)}: ${problem.message}`;
  // deno-lint-ignore no-control-regex -- the content of a file must not move the cursor
  const line = said.replace(/[\x00-\x1f\x7f]/g, (char) => JSON.stringify(char).slice(1, -1));
  return problem.excerpt === undefined ? line : `${line}\n${problem.excerpt}`;
}

/** `postmaster.yaml:3:10`. */
export function printPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

/** Problems sorted by file, in the order of the first problem of each, then by place. */
function sortByPlace(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  return problems.toSorted((a, b) =>
    files.indexOf(a.file) - files.indexOf(b.file) ||
    (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
  );
}
