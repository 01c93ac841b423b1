/**
 * `postmaster check --against`: what would change if this version of the program took this configuration in the place
 * of a running server, or of another configuration.
 * @module
 */
import { tried } from "../base/tried.ts";
import { VERSION } from "../base/version.ts";
import { type Config, type Defaults, defaults, loadConfig } from "../config/mod.ts";
import { askToCompare } from "../daemon/control_client.ts";
import { fixedIn, writtenAt, writtenIn } from "../daemon/fixed.ts";
import { type Layout, layoutsOf } from "../daemon/layouts.ts";
import { type Standing, standingOf } from "../daemon/standing.ts";

/**
 * Says what would change.
 *
 * @param place the control socket of a server, or a configuration; `true` for the server of this configuration
 * @throws {Error} if nobody answers there
 */
export async function against(config: Config, place: string | true): Promise<readonly string[]> {
  const path = place === true ? config.control.socket : place;
  const isServer = place === true || tried(() => Deno.statSync(path))?.isSocket === true;
  const [written, fixed] = [writtenIn(config), fixedIn(config)];
  const standing = isServer
    ? await askToCompare(path, written, fixed)
    : standingOf(loadConfig(path), written, fixed);
  return [
    `against: ${isServer ? `the server at ${path}, version ${standing.version}` : path}`,
    ...linesOf(standing),
    ...defaultsThatChange(standing.defaults, config),
    ...layoutsOf(config).map((layout) => printLayout(layout, standing.version)),
  ].map((line, i) => i === 0 ? line : `  ${line}`);
}

function linesOf({ version, changed, fixed }: Standing): string[] {
  return [
    ...version === VERSION ? [] : [`this is version ${VERSION}: docs/upgrading.md has more`],
    changed.length === 0 ? "configuration: the same" : `changed: ${changed.join(", ")}`,
    ...fixed.length === 0 ? [] : [`only by a restart: ${fixed.join(", ")}`],
  ];
}

/** The defaults of the other version that this one has changed, for keys that the configuration does not have. */
function defaultsThatChange(before: Defaults, config: Config): string[] {
  const now = defaults();
  const print = (value: unknown) => value === undefined ? "none" : JSON.stringify(value);
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((key) => print(before[key]) !== print(now[key]))
    .filter((key) => writtenAt(key.split("."), config) === undefined)
    .map((key) => `default of ${key}: ${print(before[key])} becomes ${print(now[key])}`);
}

function printLayout({ what, file, found, own }: Layout, version: string): string {
  if (found === undefined) return `${what}: ${file} cannot be read`;
  if (found === own) return `${what}: as version ${version} has it`;
  return found > own
    ? `${what}: a later version has written ${file}: this one cannot read it`
    : `${what}: layout ${found} becomes ${own}, and version ${version} cannot read it then: copy ${file} ` +
      "while no server runs";
}
