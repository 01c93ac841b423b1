/**
 * An HAProxy of one's own.
 *
 * @module
 */
import { Directory } from "../running.ts";
import { OwnProgram } from "./own_program.ts";

/** Starts one with this configuration, which checks often, and waits until the checks find every server well. */
export function startHAProxy(configuration: string): Promise<OwnProgram> {
  const directory = new Directory();
  const stats = directory.of("stats");
  const often = configuration.replace("defaults\n", "defaults\n  default-server inter 300ms\n");
  const file = directory.write("haproxy.cfg", `global\n  stats socket ${stats}\n\n${often}`);
  return OwnProgram.start("haproxy", ["-db", "-q", "-f", file], {
    directory,
    signal: "SIGKILL",
    isReady: () => isWell(stats),
    what: "HAProxy's health checks succeed",
  });
}

/** The last check of every server has found SMTP. */
async function isWell(stats: string): Promise<boolean> {
  const socket = await Deno.connect({ transport: "unix", path: stats }).catch(() => undefined);
  if (socket === undefined) return false;
  await socket.write(new TextEncoder().encode("show stat\n"));
  const stdout = await new Response(socket.readable).text();
  const servers = stdout.split("\n").filter((line) => /^\w+,mx1,/.test(line));
  return servers.length > 0 && servers.every((line) => /,UP,.*,L7OK,/.test(line));
}
