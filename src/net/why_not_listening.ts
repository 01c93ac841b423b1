/**
 * Why a server cannot listen, and what to do about it.
 * @module
 */
import { askShell } from "../base/shell.ts";
import { type ListenAddress, printListen } from "./address.ts";

/** The message for a failure to listen. */
export function whyNotListening(address: ListenAddress, error: NodeJS.ErrnoException): string {
  const reason = `cannot listen on ${printListen(address)}: ${error.message}`;
  const remedy = remedyFor(address, error.code);
  return remedy === undefined ? reason : `${reason}: ${remedy}`;
}

function remedyFor(address: ListenAddress, code: string | undefined): string | undefined {
  if (address.transport === "fd") {
    return `a socket can be handed over since version 2.9 of the runtime, and this is ${Deno.version.deno}`;
  }
  if (address.transport !== "tcp") return undefined;
  const { port } = address;
  switch (code) {
    case "EADDRINUSE":
      return `${
        occupantOf(port) ?? "another program"
      } has port ${port}: stop that, or listen elsewhere`;
    case "EACCES":
      return `only root may take port ${port}: start the server as root with \`user\` in its configuration, have ` +
        "systemd give it CAP_NET_BIND_SERVICE, or let its executable take such ports: " +
        `setcap cap_net_bind_service=+ep ${Deno.execPath()}`;
    case "EADDRNOTAVAIL":
    case "EINVAL": // which the runtime makes of it
      return "this machine has no such address: `ip address` shows those that it has, and `*` stands for all";
    default:
      return undefined;
  }
}

/** The process that listens on a TCP port, for people: `master (process 4711)`; `undefined` if that is unknown. */
function occupantOf(port: number): string | undefined {
  const sockets = listening(askShell("cat /proc/net/tcp /proc/net/tcp6"), port);
  let pid: string | undefined;
  for (const line of askShell("ls -l /proc/[0-9]*/fd").split("\n")) {
    pid = /^\/proc\/(\d+)\/fd:/.exec(line)?.[1] ?? pid;
    const [, file = ""] = line.split(" -> ");
    if (pid !== undefined && sockets.includes(file)) {
      return `${askShell(`cat /proc/${pid}/comm`).trim()} (process ${pid})`;
    }
  }
  return undefined;
}

/** What /proc/net/tcp says of a socket that listens. */
const LISTENING = "0A";

/** The sockets that listen on a port, as the descriptors of their processes name them. */
function listening(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table.split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === LISTENING)
    .map((fields) => `socket:[${fields[9]}]`);
}
