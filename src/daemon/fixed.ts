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
type Compared = Pick<Config, "written" | "listen" | "queue" | "relay" | "drop">;

/** Values by the paths of keys. */
export type Values = Readonly<Record<string, unknown>>;

/** What a configuration says that cannot change while the server runs. */
export function fixedIn(config: Compared): Values {
  const { relay, queue, drop } = config;
  const runs = relay !== undefined && "command" in relay;
  return {
    ...Object.fromEntries(FIXED.map((path) => [path.join("."), writtenAt(path, config)])),
    listen: placesOf(config),
    queue: queue !== undefined,
    drop: drop?.directory,
    ...runs ? { relay: writtenAt(["relay"], config) } : {},
  };
}

/** The keys that have other values. */
export const differing = (now: Values, next: Values): readonly string[] =>
  [...new Set([...Object.keys(now), ...Object.keys(next)])]
    .filter((key) => !isDeepStrictEqual(now[key], next[key]));

/**
 * Refuses a configuration that a server with another one cannot take over.
 *
 * @throws {ConfigError} with all keys that need a restart
 */
export function refuseFixed(now: Compared, next: Compared): void {
  const problems: Problem[] = differing(fixedIn(now), fixedIn(next)).map((key) => {
    const message =
      `\`${key}\` cannot change while the server runs: restart the server, or take the change back`;
    return next.written.problem({ path: key.split("."), message, atKey: true });
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The value that is written under a path. */
export const writtenAt = (
  path: readonly string[],
  { written }: Pick<Compared, "written">,
): unknown =>
  path.reduce<unknown>(
    (value, key) => Object(value)[key] as unknown,
    written.value,
  );

/** What is listened on, and what for. */
const placesOf = ({ listen }: Compared): readonly string[] => listen.map(placeOf).toSorted();

/** What a listener is known by. */
export const placeOf = ({ address, kind }: Config["listen"][number]): string =>
  JSON.stringify([address, kind]);

/** What is written, by the outermost keys. */
export const writtenIn = ({ written }: Pick<Compared, "written">): Values => Object(written.value);

/** The keys that are written differently. */
export const changedKeys = (now: Compared, next: Compared): readonly string[] =>
  differing(writtenIn(now), writtenIn(next));
