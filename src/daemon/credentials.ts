/**
 * Who the server is to run as.
 *
 * @module
 */
import { groupsOf } from "../base/passwd.ts";
import { type Config, ConfigError } from "../config/mod.ts";
import { findIds, type Identity, type Ids } from "../targets/identity.ts";

/** A user with his groups. */
export interface Credentials extends Ids, Pick<Identity, "account"> {
  /** Supplementary groups, `gid` among them. */
  readonly groups: readonly number[];
}

/** The user and the groups that a configuration names, `undefined` if it names none. */
export function credentialsOf({ user, group }: Config): Credentials | undefined {
  if (user === undefined) return undefined;
  const ids = findIds(user, group);
  const { account, gid } = ids;
  return { ...ids, groups: account === undefined ? [gid] : groupsOf(account.name, gid) };
}

/** What to do about a server that runs as root. */
export const AS_ROOT = "set `user` to the user that the server is to become";

/** Whether root has started this process. */
export const startedByRoot = (): boolean => Deno.uid() === 0;

/**
 * Whom the server must become before it loads a module of the operator's; `undefined` if it stays who it is.
 *
 * @throws {ConfigError} if such a module would run as root, and nobody has said that it may; or if the server cannot
 * become who it should be
 */
export function credentialsToTake(config: Config): Credentials | undefined {
  const wanted = credentialsOf(config);
  if (!startedByRoot()) {
    if (wanted !== undefined && (wanted.uid !== Deno.uid() || wanted.gid !== Deno.gid())) {
      const message =
        `only root can become the user ${config.user}: let root start the server, or that user himself, ` +
        "or take `user` and `group` out of the configuration";
      throw new ConfigError([config.problem({ path: ["user"], message })]);
    }
    return undefined;
  }
  if (wanted !== undefined && wanted.uid !== 0) return wanted;
  const own = config.handlers.filter(({ source }) => "module" in source);
  if (own.length === 0 || config.handlersAsRoot) return undefined;
  throw new ConfigError(own.map(({ name, place }) => ({
    ...place,
    message: `\`${name}\` would run as root: ${AS_ROOT} (--user), or start it as another user; ` +
      "`handlers-as-root: true` (--handlers-as-root) allows it",
  })));
}
