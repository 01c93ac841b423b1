/**
 * Starting a process in a process group of its own.
 *
 * Deno copies the whole server (fork) for the options `detached`, `uid` and `gid`, which stops it for
 * 10 ms at 200 MB; without them it does not, in 1 ms. So on Linux the util-linux programs setsid(1) and
 * setpriv(1) do the same inside the new process.
 *
 * @module
 */
import { askShell } from "../base/shell.ts";
import { environmentOf, type Identity } from "./identity.ts";
import type { Template, Values } from "./template.ts";

/** A process that was started, with its three standard streams. */
export interface Process {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  /** How it ended. Never rejected. */
  readonly status: Promise<{ readonly code: number; readonly signal: Deno.Signal | null }>;
  /** Sends a signal to it and its children. What is gone, or may not be sent one, is left alone. */
  signal(signal: Deno.Signal): void;
}

/** What a command line was made of: for whoever starts it elsewhere, and judges it first. */
export interface Order {
  readonly template: Template;
  readonly recipients: readonly Values[];
  readonly user?: string | number | undefined;
  readonly group?: string | number | undefined;
}

/** Starts a program. What it throws means that nothing was started. */
export interface Launch {
  (argv: readonly string[], identity: Identity, order: Order): Process | Promise<Process>;
  /** Why it will start nothing of the kind, as far as one can tell before there is mail; `undefined` if it may. */
  readonly refusal?: (identity: Identity, kind: Kind) => string | undefined;
}

/** What the orders of a target have in common. */
export type Kind = Omit<Order, "recipients">;

/** As {@linkcode Launch}, by this process itself. */
export type LaunchHere = (argv: readonly string[], identity: Identity) => Process;

/** With util-linux. A program that cannot be run then ends with the shell's 126 or 127. */
export const launchBySetsid: LaunchHere = (argv, identity) => bySetsid([], argv, identity);

/** As {@linkcode launchBySetsid}, for a server that is not root and has capabilities(7): mailers get none. */
const launchWithoutCapabilities: LaunchHere = (argv, identity) =>
  bySetsid(["--inh-caps=-all"], argv, identity);

function bySetsid(
  options: readonly string[],
  argv: readonly string[],
  identity: Identity,
): Process {
  const { ids } = identity;
  const change = ids === undefined
    ? []
    : [`--reuid=${ids.uid}`, `--regid=${ids.gid}`, "--clear-groups"];
  const all = [...change, ...options];
  const setpriv = all.length === 0 ? [] : ["/usr/bin/setpriv", ...all, "--"];
  return spawn(["/usr/bin/setsid", "--", ...setpriv, ...argv], identity, {});
}

/** With Deno alone. */
export const launchByFork: LaunchHere = (argv, identity) =>
  spawn(argv, identity, { ...identity.ids, detached: true });

/** The best that this machine has. BusyBox's programs of these names cannot do it. */
export function launcher(): LaunchHere {
  const installed = ["setsid", "setpriv"].every((name) => {
    try {
      return Deno.realPathSync(`/usr/bin/${name}`).endsWith(`/${name}`);
    } catch {
      return false;
    }
  });
  if (!installed) return launchByFork;
  return Deno.uid() !== 0 && hasCapabilities() ? launchWithoutCapabilities : launchBySetsid;
}

/** Whether programs that this process runs have capabilities although nobody of them is root. */
function hasCapabilities(): boolean {
  const [, list = ""] = /^Ambient capabilities: (.*)$/m.exec(askShell("/usr/bin/setpriv --dump")) ??
    [];
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
  try {
    Deno.kill(-child.pid, signal);
  } catch {
    try {
      child.kill(signal); // it has just been started, and leads no group yet
    } catch { /* it is gone, or another user's */ }
  }
}
