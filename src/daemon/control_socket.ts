/**
 * The socket file of the control channel: who may use it.
 * @module
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { findGroup, groupName, ownUser } from "../base/passwd.ts";
import { tried } from "../base/tried.ts";
import type { Config } from "../config/mod.ts";
import { Listener } from "../net/listener.ts";
import type { Credentials } from "./credentials.ts";
import { ancestors } from "./directory.ts";

type ControlConfig = Pick<Config, "control" | "stateDirectory">;

/** The longest path of a Unix socket, in octets. */
const LONGEST = 107;

/**
 * Listens for operators. The socket is the owner's and the group's before anybody may connect to it.
 *
 * @param owner the server's user, if root makes the socket
 * @throws {Error} if another server listens there, or this user cannot make the socket
 */
export async function listenForOperators(
  config: ControlConfig,
  owner: Pick<Credentials, "uid" | "gid"> | undefined,
): Promise<Listener> {
  const { socket } = config.control;
  const group = groupOf(config);
  const mode = group === undefined ? 0o600 : 0o660;
  const listener = await Listener.open({ transport: "unix", path: socket, mode });
  try {
    Deno.chownSync(socket, owner?.uid ?? null, group ?? owner?.gid ?? null);
    if (group !== undefined) openStateDirectory(config, group);
    return listener;
  } catch (error) {
    listener.close();
    throw error;
  }
}

const groupOf = ({ control: { group } }: ControlConfig): number | undefined =>
  typeof group === "string" ? findGroup(group) : group;

/** The operators may go through the state directory to the socket in it, and not read it. */
function openStateDirectory({ control: { socket }, stateDirectory }: ControlConfig, gid: number) {
  if (dirname(socket) !== stateDirectory) return;
  const { mode, uid } = Deno.statSync(stateDirectory);
  if (uid !== Deno.uid() || mayEnter(stateDirectory, gid)) return;
  Deno.chownSync(stateDirectory, null, gid);
  Deno.chmodSync(stateDirectory, mode! & 0o707 | 0o010);
}

/** Whether the members of a group may look for a file in a directory. */
function mayEnter(directory: string, group: number): boolean {
  const { mode, gid } = Deno.statSync(directory);
  const [GROUP_ENTERS, OTHERS_ENTER] = [0o010, 0o001];
  return (mode! & (gid === group ? GROUP_ENTERS : OTHERS_ENTER)) !== 0;
}

/** Why the socket cannot have its path, or be the group's, with the key that says so. */
export function faultOfControl(
  config: ControlConfig,
  made: ReadonlySet<string>,
): { readonly key: "socket" | "group"; readonly message: string } | undefined {
  const { socket } = config.control;
  if (new TextEncoder().encode(socket).length > LONGEST) {
    const message =
      `${socket} is longer than the ${LONGEST} octets that the path of a socket may ` +
      "have: name a shorter one";
    return { key: "socket", message };
  }
  const group = groupOf(config);
  if (group === undefined || made.has(socket) || Deno.uid() === 0) return undefined;
  if (ownGroups().includes(group)) return undefined;
  const name = groupName(group);
  const message = `${ownUser()} is not in the group ${name}, and so cannot give it the socket: ` +
    `usermod -aG ${name} USER, or let root make the socket in a directory of root's`;
  return { key: "group", message };
}

/** The groups of this process. */
const ownGroups = (): readonly (number | null)[] => [Deno.gid(), ...process.getgroups?.() ?? []];

/** What `check` says of the socket. */
export function describeControl(config: ControlConfig): string[] {
  const { control: { socket }, stateDirectory } = config;
  const group = groupOf(config);
  const who = group === undefined ? "" : `, for the group ${groupName(group)}`;
  const closed = group === undefined
    ? []
    : ancestors(dirname(socket)).filter((directory) =>
      !(directory === stateDirectory && directory === dirname(socket)) && existsSync(directory) &&
      tried(() => mayEnter(directory, group)) === false
    );
  return [
    `control socket: ${socket}${who}`,
    ...closed.map((directory) =>
      `warning: control.socket: the group ${groupName(group!)} cannot enter ${directory}: ` +
      `chgrp ${groupName(group!)} ${directory} && chmod g+x ${directory}`
    ),
  ];
}
