import { deepEqual, equal, match, throws } from "node:assert/strict";
import { findIdentity } from "../../src/targets/identity.ts";
import { launchByFork, launchBySetsid, type LaunchHere } from "../../src/targets/launch.ts";
import { attend } from "../../src/targets/mailer_process.ts";
import { need, needRoot } from "../need.ts";
import { Directory, runApart } from "../running.ts";

const TREATMENT = {
  timeout: 10_000,
  killGrace: 1000,
  outputLimit: 1000,
  signal: new AbortController().signal,
};

async function run(launch: LaunchHere, argv: readonly string[], user?: string) {
  const child = launch(argv, findIdentity(user));
  const { ending, output } = await attend(child, (async function* () {})(), TREATMENT);
  return { pid: child.pid, ending, output: output.trim() };
}

for (
  const [name, launch] of Object.entries({ launchBySetsid, launchByFork })
) {
  Deno.test({
    name: `${name}() makes the process the leader of a group and session`,
    ...need("setsid"),
    async fn() {
      const { pid, output } = await run(launch, ["sh", "-c", "cut -d' ' -f1,5,6 /proc/$$/stat"]);
      equal(output, `${pid} ${pid} ${pid}`);
    },
  });

  Deno.test({
    name: `${name}() changes user and group and drops the other groups`,
    ...needRoot(),
    async fn() {
      const script = "id -u; id -g; id -G; grep -h Cap[PE] /proc/self/status";
      const { output } = await run(launch, ["sh", "-c", script], "daemon");
      const [uid, gid, groups, ...capabilities] = output.split("\n");
      deepEqual([uid, gid, groups], ["1", "1", "1"]);
      for (const line of capabilities) match(line, /\t0+$/);
    },
  });
}

Deno.test({
  name: "launchBySetsid() reports a program that cannot be run as a shell does",
  ...need("setsid"),
  async fn() {
    const { ending, output } = await run(launchBySetsid, ["no-such-program"]);
    deepEqual(ending, { how: "exit", code: 127 });
    match(output, /no-such-program: No such file or directory/);
  },
});

Deno.test("launchByFork() throws for a program that cannot be run", () => {
  const identity = findIdentity();
  throws(() => launchByFork(["no-such-program"], identity), Deno.errors.NotFound);
  throws(() => launchByFork(["/etc/passwd"], identity), Deno.errors.PermissionDenied);
});

Deno.test("launchByFork() looks programs up on the mailers' PATH, not on the server's", async () => {
  using directory = new Directory();
  Deno.writeTextFileSync(directory.of("only-here"), "#!/bin/sh\n", { mode: 0o755 });
  const printed = await runApart(
    `export PATH='${directory.path}'`,
    `import { findIdentity } from "./src/targets/identity.ts";
     import { launchByFork } from "./src/targets/launch.ts";
     for (const program of ["only-here", "true"]) {
       try {
         console.log((await launchByFork([program], findIdentity()).status).code);
       } catch (error) {
         console.log(error.name);
       }
     }`,
  );
  equal(printed, "NotFound\n0\n");
});
