/**
 * The server's side of the launcher.
 * @module
 */
import { randomBytes } from "node:crypto";
import { failureOf } from "../base/tried.ts";
import { within } from "../base/within.ts";
import type { Config } from "../config/mod.ts";
import { type Ids, isOwn } from "../targets/identity.ts";
import { type Launch, launcher } from "../targets/launch.ts";
import { firstLine } from "./frames.ts";
import { grantFor, grantsOf } from "./grants.ts";
import type { Terms } from "./launcher.ts";
import { startOwn } from "./own_program.ts";
import { RemoteProcess } from "./remote_process.ts";

/** Milliseconds that the launcher may take to end. */
const PATIENCE = 2000;

/** The permissions of a launcher. */
export const FLAGS = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-net",
  "--allow-env",
  "--allow-sys",
];

/** A launcher that this process has started. */
export interface RemoteLauncher extends AsyncDisposable {
  /** Starts mailers of the server's own user from this process, and others from the launcher. */
  launch(): Launch;
  /** Fulfilled when the launcher has ended. */
  readonly ended: Promise<unknown>;
}

/**
 * Starts the launcher of a server that gives up root. The launcher stays root.
 *
 * @param self the user and group that the server is going to have
 * @returns `undefined` if all mailers run as the server's user, or the server gives up nothing
 * @throws {Error} if it does not start
 */
export async function startLauncher(
  config: Config,
  self: Ids | undefined,
): Promise<RemoteLauncher | undefined> {
  const grants = self === undefined ? [] : grantsOf(config, self);
  if (self === undefined || grants.length === 0) return undefined;
  const { uid, gid } = self;
  const key = randomBytes(32).toString("hex");
  const terms: Terms = { grants, key, uid, gid, most: config.mailer.concurrency };
  const child = startOwn("launcher", FLAGS, {
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(`${JSON.stringify(terms)}\n`));
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const path = (await firstLine(reader, "the launcher of mailers does not start")).trim();
  return {
    launch: () => launchBy(path, terms),
    ended: child.status,
    // The end of its input ends the launcher, which ends its mailers.
    [Symbol.asyncDispose]: async () => {
      await input.close().catch(() => {});
      await within(child.status, PATIENCE);
    },
  };
}

function launchBy(path: string, { key, uid, grants }: Terms): Launch {
  const here = launcher();
  const refusal: Launch["refusal"] = (identity, { template, user = uid, group }) =>
    isOwn(identity)
      ? undefined
      : failureOf(() => grantFor({ template, user, group }, identity, grants));
  const launch: Launch = (argv, identity, { template, recipients, user = uid, group }) => {
    if (isOwn(identity)) return here(argv, identity);
    const order = { template, recipients, user, group };
    return RemoteProcess.start(path, JSON.stringify({ key, order }));
  };
  return Object.assign(launch, { refusal });
}
