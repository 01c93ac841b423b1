/**
 * `postmaster replay`: what candidates would have said in sessions that were kept.
 * @module
 */
import { ConfigError, findConfig, loadConfig, loadPlaces } from "../../config/mod.ts";
import { replay as replayParts } from "../../daemon/replay.ts";
import { partsIn, type Wanted } from "../../explain/reader.ts";
import { differencesIn } from "../../shadow/report.ts";
import { openSessions } from "../explain/open.ts";
import { printReport } from "./print.ts";

/** What the command line says besides which sessions are meant. */
export interface ReplayFlags {
  readonly config?: string;
  readonly json?: boolean;
}

const WORDS = { title: "replay", lost: "since not all of their events are kept" };

/**
 * Prints where the candidates differ, and returns how many of their verdicts do.
 *
 * @param candidates handlers by their names; without any, those of the configuration's shadow
 */
export async function replay(
  candidates: readonly string[],
  wanted: Wanted,
  { config: file = findConfig(), json }: ReplayFlags,
): Promise<number> {
  const directory = await openSessions(loadPlaces(file));
  const live = loadConfig(file);
  if (candidates.length === 0 && live.shadow === undefined) {
    throw new ConfigError([live.problem({
      path: ["handlers"],
      message:
        "there is no shadow to replay: name the handlers, as in `postmaster replay ./policy-next.ts`",
    })]);
  }
  const next = candidates.length === 0 ? live : loadConfig(file, { handlers: candidates });
  const report = await replayParts(live, next, partsIn(directory, wanted, "oldest first"));
  printReport(report, WORDS, json);
  return differencesIn(report);
}
