/**
 * Starting a process in a process group of its own.
 *
 * Deno copies the whole server (fork) for the options `detached`, `uid` and `gid`, which stops it for
 * 10 ms at 200 MB; without them it does not, in 1 ms. So on Linux the util-linux programs setsid(1) and
 * setpriv(1) do the same inside the new process.
 *
 * @module
 */
import { environmentOf, type Identity } from "./identity.ts";

/** Starts a program with its three standard streams piped. What it throws means that nothing was started. */
export type Launch = (argv: readonly string[], identity: Identity) => Deno.ChildProcess;

/** With util-linux. A program that cannot be run then ends with the shell's 126 or 127. */
export const launchBySetsid: Launch = (argv, identity) => {
  const { ids } = identity;
  const change = ids === undefined
    ? []
    : ["setpriv", `--reuid=${ids.uid}`, `--regid=${ids.gid}`, "--clear-groups", "--"];
  return spawn(["/usr/bin/setsid", "--", ...change, ...argv], identity, {});
};

/** With Deno alone. */
export const launchByFork: Launch = (argv, identity) =>
  spawn(argv, identity, { ...identity.ids, detached: true });

/** The best that this machine has. BusyBox's programs of these names cannot do it. */
export function launcher(): Launch {
  const installed = ["setsid", "setpriv"].every((name) => {
    try {
      return Deno.realPathSync(`/usr/bin/${name}`).endsWith(`/${name}`);
    } catch {
      return false;
    }
  });
  return installed ? launchBySetsid : launchByFork;
}

function spawn(
  [program = "", ...args]: readonly string[],
  identity: Identity,
  options: Pick<Deno.CommandOptions, "uid" | "gid" | "detached">,
): Deno.ChildProcess {
  return new Deno.Command(program, {
    ...options,
    args,
    cwd: "/",
    clearEnv: true,
    env: environmentOf(identity),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
