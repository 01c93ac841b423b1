/**
 * The configuration: it can be used, its modules load, and nothing in it is doubtful.
 * @module
 */
import { build, ConfigError, printPlace, printProblem, type Problem } from "../../config/mod.ts";
import { credentialsToTake, startedByRoot } from "../../daemon/credentials.ts";
import type { Check } from "./check.ts";
import { fault, type Found, note, ok, type Say, warning } from "./finding.ts";

/** The check. */
export const configuration: Check = {
  name: "configuration",
  about: "the configuration: it can be used, and nothing in it is doubtful",
  network: false,
  run: async ({ problems, config }) => {
    if (config === undefined) return problems.map(told(fault));
    const doubts = config.warnings.map(told(warning));
    const asRoot = startedByRoot() ? await problemsOf(() => credentialsToTake(config)) : [];
    if (asRoot.length > 0) {
      const what = "the modules of handlers were not loaded, because they would run as root";
      return [...doubts, note("handlers", what, "set `user`, or run doctor as the server's user")];
    }
    const wrong = await problemsOf(() => build(config));
    if (wrong.length > 0) return [...wrong.map(told(fault)), ...doubts];
    const file = config.file ?? "no configuration";
    return doubts.length > 0 ? doubts : [ok(file, `${file} can be used`)];
  },
};

/** The problems that an action finds. */
async function problemsOf(action: () => unknown): Promise<readonly Problem[]> {
  try {
    await action();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

/** A problem says where it is and how to mend it. */
export const told = (say: Say) => (problem: Problem): Found =>
  say(printPlace(problem), printProblem({ ...problem, excerpt: undefined }));
