/**
 * The files and connections that the running server may have open at once (`ulimit -n`).
 * @module
 */
import { runningServer } from "../../daemon/pid_file.ts";
import { shareDescriptors } from "../../net/descriptors.ts";
import type { Check } from "./check.ts";
import { ok, warning } from "./finding.ts";

/** The check. */
export const descriptors: Check = {
  name: "descriptors",
  about: "the files and connections that the running server may have open (ulimit -n)",
  network: false,
  run: ({ settings: { pidFile, mailer, relay, limits } }) => {
    const pid = pidFile && runningServer(pidFile);
    if (!pid || mailer === undefined || limits === undefined) return Promise.resolve([]);
    const text = Deno.readTextFileSync(`/proc/${pid}/limits`);
    const limit = Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Infinity);
    const programs = relay !== undefined && "command" in relay ? relay.concurrency : 0;
    const { connections } = shareDescriptors(mailer.concurrency + programs, limit);
    const place = `process ${pid}`;
    if (connections >= limits.connections) {
      return Promise.resolve([ok(place, `the server may have ${limit} files open`)]);
    }
    const what = `the server may have only ${limit} files open, so it serves ${connections} ` +
      `connections at once, and not ${limits.connections}`;
    return Promise.resolve([
      warning(place, what, "LimitNOFILE=65536 in its systemd unit, or `ulimit -n 65536` before it"),
    ]);
  },
};
