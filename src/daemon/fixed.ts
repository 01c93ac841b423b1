/**
 * What a configuration says that cannot change while the server runs.
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { type Config, ConfigError, type Problem } from "../config/mod.ts";

/** Where it is written. What is listened on is compared in itself: the rest of a listener may change. */
const FIXED: readonly (readonly string[])[] = [
  ["hostname"],
  ["user"],
  ["group"],
  ["handlers-as-root"],
  ["run-as"],
  ["mailer"],
  ["pid-file"],
  ["spool-directory"],
  ["state-directory"],
  ["control"],
  ["dmarc-reports"],
  ["explain"],
  ["queue", "directory"],
  ["queue", "reserve"],
  ["tls", "acme"],
  ["limits", "variables"],
];

/** A configuration, of which this matters here. */
type Compared = Pick<Config, "written" | "listen" | "queue" | "relay">;

/**
 * Refuses a configuration that a server with another one cannot take over.
 *
 * @throws {ConfigError} with all keys that need a restart
 */
export function refuseFixed(now: Compared, next: Compared): void {
  const problems: Problem[] = [];
  const note = (path: readonly string[]) => {
    const message = `\`${
      path.join(".")
    }\` cannot change while the server runs: restart the server, or take the change back`;
    problems.push(next.written.problem({ path, message, atKey: true }));
  };
  for (const path of FIXED) {
    if (!isDeepStrictEqual(writtenAt(path, now), writtenAt(path, next))) note(path);
  }
  if (!isDeepStrictEqual(placesOf(now), placesOf(next))) note(["listen"]);
  if ((now.queue === undefined) !== (next.queue === undefined)) note(["queue"]);
  const runs = [now, next].some(({ relay }) => relay !== undefined && "command" in relay);
  if (runs && !isDeepStrictEqual(writtenAt(["relay"], now), writtenAt(["relay"], next))) {
    note(["relay"]);
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The value that is written under a path. */
const writtenAt = (path: readonly string[], { written }: Compared): unknown =>
  path.reduce<unknown>(
    (value, key) => Object(value)[key] as unknown,
    written.value,
  );

/** What is listened on, and what for. */
const placesOf = ({ listen }: Compared): readonly string[] => listen.map(placeOf).toSorted();

/** What a listener is known by. */
export const placeOf = ({ address, kind }: Config["listen"][number]): string =>
  JSON.stringify([address, kind]);

/** The keys that are written differently. */
export function changedKeys(now: Compared, next: Compared): readonly string[] {
  const keys = new Set([now, next].flatMap(({ written }) => Object.keys(Object(written.value))));
  return [...keys].filter((key) =>
    !isDeepStrictEqual(writtenAt([key], now), writtenAt([key], next))
  );
}
