/**
 * The clock: how far it is from that of a server of time. Signatures, certificates and one-time passwords depend on it.
 * @module
 */
import { messageOf } from "../../base/message_of.ts";
import { askShell } from "../../base/shell.ts";
import { tried } from "../../base/tried.ts";
import type { Check } from "./check.ts";
import { fault, type Found, note, ok, unknown, warning } from "./finding.ts";
import { offsetBy } from "./ntp.ts";

/** Milliseconds. */
const OFF = { warning: 5000, fault: 60_000 } as const;

const MEND = "let a program set it: `apt-get install chrony`, or `timedatectl set-ntp true`";

/** The check. */
export const clock: Check = {
  name: "clock",
  about: "the clock: how far it is from that of a server of time (NTP)",
  network: true,
  run: async ({ wishes }, signal) => {
    const server = wishes.clock ?? configuredServer();
    if (server === undefined) return bySystem();
    try {
      return [judge(await offsetBy(server, signal), server)];
    } catch (error) {
      const what = `the time cannot be asked of ${server}: ${messageOf(error)}`;
      return [unknown(server, what, "name another server with --ntp")];
    }
  },
};

function judge(offset: number, server: string): Found {
  const seconds = Math.abs(offset / 1000);
  const where = offset > 0 ? "behind" : "ahead of";
  if (Math.abs(offset) < OFF.warning) {
    return ok(server, `the clock is ${seconds.toFixed(2)} s ${where} that of ${server}`);
  }
  const say = Math.abs(offset) < OFF.fault ? warning : fault;
  return say(server, `the clock is ${seconds.toFixed(0)} s ${where} that of ${server}`, MEND);
}

/** Where programs that set the clock are told which servers they ask. */
const FILES: Readonly<Record<string, RegExp>> = {
  "/etc/chrony/chrony.conf": /^\s*(?:server|pool)\s+(\S+)/m,
  "/etc/chrony.conf": /^\s*(?:server|pool)\s+(\S+)/m,
  "/etc/ntpsec/ntp.conf": /^\s*(?:server|pool)\s+([a-z]\S*)/m,
  "/etc/ntp.conf": /^\s*(?:server|pool)\s+([a-z]\S*)/m,
  "/etc/systemd/timesyncd.conf": /^\s*(?:NTP|FallbackNTP)=\s*(\S+)/m,
};

/** The server by which this machine sets its clock. */
function configuredServer(): string | undefined {
  for (const [file, pattern] of Object.entries(FILES)) {
    const [, server] = pattern.exec(tried(() => Deno.readTextFileSync(file)) ?? "") ?? [];
    if (server !== undefined) return server;
  }
  return undefined;
}

/** What the system itself says of its clock. */
function bySystem(): readonly Found[] {
  const said = askShell("timedatectl show --property=NTPSynchronized --value 2>/dev/null").trim();
  if (said === "yes") return [ok("timedatectl", "the system says that its clock is set by NTP")];
  if (said === "no") return [warning("timedatectl", "the clock is not set by NTP", MEND)];
  const what = "whether the clock is right is not known: this machine names no server of time";
  return [note("clock", what, "name one: `postmaster doctor --ntp pool.ntp.org`")];
}
