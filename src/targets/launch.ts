/**
 * Starting a process in a process group of its own.
 *
 * With the options `detached`, `uid` and `gid`, Deno copies the whole server (fork), which stops it for 10 ms at
 * 200 MB; without them a start takes 1 ms. So on Linux setsid(1) and setpriv(1) of util-linux do the same in the new
 * process.
 * @module
 */
import { askShell } from "../base/shell.ts";
import { failureOf, tried } from "../base/tried.ts";
import { environmentOf, type Identity, isOwn } from "./identity.ts";
import type { PlaceholderValues, Template } from "./template.ts";

/** A process that was started, with its three standard streams. */
export interface Process {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  /** How it ended. Never rejected. */
  readonly status: Promise<{ readonly code: number; readonly signal: Deno.Signal | null }>;
  /** Sends a signal to the process and its children, as far as they still run and the server may. */
  signal(signal: Deno.Signal): void;
}

/** The user of a program that runs as the user of its recipient, whoever that is, but never as root. */
export const RECIPIENT = "{user}";

/** A program, and the user and the group that it is to run as; without them, the server's own. */
export interface Program {
  readonly template: Template;
  readonly user?: string | number | undefined;
  readonly group?: string | number | undefined;
}

/** What a command line was made of: for another process that judges it and starts it. */
export interface Order extends Program {
  readonly recipients: readonly PlaceholderValues[];
}

/**
 * Who the program of an order is to run as.
 *
 * @param find finds a user and a group
 * @throws {Error} for the recipient's user if that is root
 */
export function identityFor(
  { user, group, recipients: [recipient] }: Order,
  find: (user?: string | number, group?: string | number) => Identity,
): Identity {
  if (user !== RECIPIENT) return find(user, group);
  const identity = find(recipient?.user, group);
  if (identity.uid === 0) throw new Error("nothing runs as root for a recipient");
  return identity;
}

/** Starts a program. If it throws, nothing was started. */
export interface Launch {
  (argv: readonly string[], identity: Identity, order: Order): Process | Promise<Process>;
  /** Why it will never start this program, as far as one can tell before there is mail; `undefined` if it may. */
  readonly refusal?: (identity: Identity, program: Program) => string | undefined;
}

/** Starts a program from this process. If it throws, nothing was started. */
export type LaunchHere = (argv: readonly string[], identity: Identity) => Process;

const bySetsid = (...options: readonly string[]): LaunchHere => (argv, identity) => {
  const { uid, gid } = identity;
  const change = isOwn(identity) ? [] : [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  const all = [...change, ...options];
  const setpriv = all.length === 0 ? [] : ["/usr/bin/setpriv", ...all, "--"];
  return spawn(["/usr/bin/setsid", "--", ...setpriv, ...argv], identity, {});
};

/** With util-linux. A program that cannot be run ends with 126 or 127, as in a shell. */
export const launchBySetsid: LaunchHere = bySetsid();

/** As {@linkcode launchBySetsid}, for a server that is not root and has capabilities(7): mailers get none. */
const launchWithoutCapabilities = bySetsid("--inh-caps=-all");

/** With Deno alone. */
export const launchByFork: LaunchHere = (argv, identity) => {
  const { uid, gid } = identity;
  return spawn(argv, identity, { ...(isOwn(identity) ? {} : { uid, gid }), detached: true });
};

/** The fastest way that this machine has. The programs of BusyBox with these names cannot do it. */
export function launcher(): LaunchHere {
  const installed = ["setsid", "setpriv"].every((name) =>
    tried(() => Deno.realPathSync(`/usr/bin/${name}`))?.endsWith(`/${name}`)
  );
  if (!installed) return launchByFork;
  return Deno.uid() !== 0 && hasCapabilities() ? launchWithoutCapabilities : launchBySetsid;
}

/** Whether programs that this process runs have capabilities without being root. */
function hasCapabilities(): boolean {
  const dump = askShell("/usr/bin/setpriv --dump");
  const [, list = ""] = /^Ambient capabilities: (.*)$/m.exec(dump) ?? [];
  return !["", "[none]"].includes(list);
}

function spawn(
  [program = "", ...args]: readonly string[],
  identity: Identity,
  options: Pick<Deno.CommandOptions, "uid" | "gid" | "detached">,
): Process {
  const child = new Deno.Command(program, {
    ...options,
    args,
    cwd: "/",
    clearEnv: true,
    env: environmentOf(identity),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { pid, stdin, stdout, stderr, status } = child;
  return { pid, stdin, stdout, stderr, status, signal: (signal) => signalGroup(child, signal) };
}

function signalGroup(child: Deno.ChildProcess, signal: Deno.Signal): void {
  const failure = failureOf(() => Deno.kill(-child.pid, signal));
  // A process that has just started leads no group yet.
  if (failure !== undefined) tried(() => child.kill(signal));
}
