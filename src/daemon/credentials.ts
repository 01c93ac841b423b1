/**
 * The user that the server is to run as.
 * @module
 */
import { groupsOf } from "../base/passwd.ts";
import { type Config, ConfigError } from "../config/mod.ts";
import { findIdentity, type Identity } from "../targets/identity.ts";

/** A user and the groups of that user. */
export interface Credentials extends Identity {
  /** The supplementary groups; `gid` is one of them. */
  readonly groups: readonly number[];
}

/** The user and the groups that a configuration names, `undefined` if it names none. */
export function credentialsOf(
  { user, group }: Pick<Config, "user" | "group">,
): Credentials | undefined {
  if (user === undefined) return undefined;
  const { account, uid, gid } = findIdentity(user, group);
  return { account, uid, gid, groups: account ? groupsOf(account.name, gid) : [gid] };
}

/** How to mend that a server runs as root. */
export const AS_ROOT = "set `user` to the user that the server is to become";

/** Whether root has started this process. */
export const startedByRoot = (): boolean => Deno.uid() === 0;

/**
 * The user that the server must become before it loads the operator's modules; `undefined` if its user stays.
 *
 * @throws {ConfigError} if a module would run as root without `handlers-as-root`, or if this process cannot become the
 * user of the configuration
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
  const own = [...config.handlers, ...config.shadow ?? []].filter(({ source }) =>
    "module" in source
  );
  if (own.length === 0 || config.handlersAsRoot) return undefined;
  throw new ConfigError(own.map(({ name, place }) => ({
    ...place,
    message: `\`${name}\` would run as root: ${AS_ROOT} (--user), or start it as another user; ` +
      "`handlers-as-root: true` (--handlers-as-root) allows it",
  })));
}
