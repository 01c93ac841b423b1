/**
 * Mailers of a server without a launcher, and whether they can run as the users of the configuration.
 * @module
 */
import type { Config } from "../config/mod.ts";
import { findAccount } from "../base/passwd.ts";
import { postmasterReaders } from "../config/postmaster.ts";
import { mailerProgram } from "../config/targets.ts";
import { findIdentity, isOwn } from "../targets/identity.ts";
import { type Launch, launcher, RECIPIENT } from "../targets/launch.ts";
import { startedByRoot } from "./credentials.ts";
import { notGranted } from "./grants.ts";

/** Starts only mailers that run as this process's user: it is no longer root, and has no launcher. */
export function launchOwn(): Launch {
  const here = launcher();
  const refusal: Launch["refusal"] = (identity, { user, group }) =>
    isOwn(identity) ? undefined : notGranted(user ?? identity.uid, group);
  const launch: Launch = (argv, identity, order) => {
    const fault = refusal(identity, order);
    if (fault !== undefined) throw new Error(fault);
    return here(argv, identity);
  };
  return Object.assign(launch, { refusal });
}

/**
 * Tries to run a program as each user of the configuration. A server that is not root needs capabilities(7) for that.
 *
 * @throws {Error} that says what to do
 */
export async function tryMailers(config: Config): Promise<void> {
  if (startedByRoot()) return;
  for (const { user: named, group } of [mailerProgram(config.mailer) ?? [], config.runAs].flat()) {
    const user = named === RECIPIENT ? someRecipient(config) : named;
    const identity = findIdentity(user, group);
    if (isOwn(identity)) continue;
    const { status, stdin, stdout, stderr } = launcher()(["true"], identity);
    await Promise.all([stdin.close(), stdout.cancel()]);
    const [{ code }, said] = await Promise.all([status, new Response(stderr).text()]);
    if (code === 0) continue;
    const who = user ?? Deno.uid();
    const why = `a server that is not root cannot run programs as ${who} (${said.trim()})`;
    const advice = "let root start it, with `user`, or give it CAP_SETUID and CAP_SETGID";
    throw new Error(`${why}: ${advice}`);
  }
}

/** A reader of the postmaster's mail who has an account, and is not root; `undefined` if there is none. */
const someRecipient = (config: Config): string | undefined =>
  postmasterReaders(config).map(({ local }) => local).find((local) =>
    config.users.isUser(local) && (findAccount(local)?.uid ?? 0) !== 0
  );
