/**
 * The configuration: it can be used, its modules load, and nothing in it is doubtful.
 * @module
 */
import { build, ConfigError, printPlace, type Problem } from "../../config/mod.ts";
import type { Check } from "./check.ts";
import { fault, ok, type Say, warning } from "./finding.ts";

/** The check. */
export const configuration: Check = {
  name: "configuration",
  about: "the configuration: it can be used, and nothing in it is doubtful",
  network: false,
  run: async ({ problems, config }) => {
    if (config === undefined) return problems.map(told(fault));
    const doubts = config.warnings.map(told(warning));
    try {
      await build(config);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return [...error.problems.map(told(fault)), ...doubts];
    }
    const file = config.file ?? "no configuration";
    return doubts.length > 0 ? doubts : [ok(file, `${file} can be used`)];
  },
};

/** The message of a problem says how to mend it. */
export const told = (say: Say) => ({ message, ...place }: Problem) =>
  say(printPlace(place), message);
