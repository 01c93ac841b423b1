/**
 * A machine to throw away: a copy of this one, with a network and a DNS of its own, on which a test may do as root
 * whatever a page tells an administrator to do. What happens there leaves no trace here.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import deno from "../../deno.json" with { type: "json" };
import { need, needOwnNetwork } from "../need.ts";
import { COMPILED, Directory, run } from "../running.ts";
import type { Step } from "./page.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FIXTURES = fileURLToPath(new URL("machine/", import.meta.url));

/** Spread into the definition of a test on such a machine. */
export function needMachine(...programs: readonly string[]): { ignore: boolean } {
  const used = ["chroot", "mount", "setpriv", "nsd", "openssl", ...programs];
  return { ignore: need(...used).ignore || needOwnNetwork().ignore };
}

/** Takes the steps on a new machine, one after the other, and gives what each command prints. */
export async function onMachine(steps: readonly Step[]): Promise<string[]> {
  using directory = new Directory();
  for (const name of ["steps", "files", "machine"]) Deno.mkdirSync(directory.of(name));
  const lines = steps.map((step, i) => {
    if ("command" in step) {
      directory.write(`steps/${i}`, `${step.command}\n`);
      return `settle\ntimeout 120 bash /opt/page/steps/${i} > /opt/page/steps/${i}.out 2>&1 < /dev/null || true`;
    }
    directory.write(`files/${i}`, step.content);
    return `cp /opt/page/files/${i} '${step.file.replace(/^(?!\/)/, "/root/")}'`;
  });
  directory.write("play", `${lines.join("\n")}\n`);
  directory.write("postmaster", `#!/bin/sh\nexec ${program().join(" ")} "$@"\n`);
  const own = ["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"];
  const ended = await run("unshare", [
    ...own,
    ...["bash", `${FIXTURES}start`, directory.path, ROOT, FIXTURES, ...await places()],
  ]);
  const outputs = steps.map((_, i) => directory.read(`steps/${i}.out`));
  if (ended.code !== 0) throw new Error(`${ended.stdout}${ended.stderr}${outputs.join("---\n")}`);
  return outputs;
}

/** Where everybody on the machine finds the program, and what it needs here for that. */
const [BINARY, CACHE, SOURCES] = ["/opt/binary", "/opt/cache", "/opt/sources"];

function program(): string[] {
  if (COMPILED !== undefined) return [BINARY];
  const [, flags = ""] = /^deno (run .*)main\.ts/.exec(deno.tasks.start) ?? [];
  return ["env", `DENO_DIR=${CACHE}`, BINARY, ...flags.trim().split(" "), `${SOURCES}/main.ts`];
}

async function places(): Promise<string[]> {
  if (COMPILED !== undefined) return [COMPILED, FIXTURES];
  const { denoDir } = JSON.parse((await run(Deno.execPath(), ["info", "--json"])).stdout);
  return [Deno.execPath(), denoDir];
}
