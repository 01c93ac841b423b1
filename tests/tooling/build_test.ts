import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import deno from "../../deno.json" with { type: "json" };
import { BuildError } from "../../src/tooling/deno.ts";
import { commonDirectory, importsAround, ownModules } from "../../src/tooling/own.ts";
import { workersIn } from "../../src/tooling/stage.ts";
import { TARGET_NAMES, targetOf } from "../../src/tooling/targets.ts";
import { Directory, runApart } from "../running.ts";

Deno.test("security.md says what each permission is for", () => {
  const flags = deno.tasks.start.split(" ").filter((flag) => flag.startsWith("--allow"));
  const page = Deno.readTextFileSync(new URL("../../docs/security.md", import.meta.url));
  const explained = [...page.matchAll(/^- `(--allow-\w+)`: to \w+/gm)].map(([, flag]) => flag);
  assert.deepEqual(explained.toSorted(), flags.toSorted());
});

Deno.test("ownModules() names handlers after their files, and refuses what cannot be told apart", () => {
  using directory = new Directory();
  const files = ["policy.ts", "trace.ts", "policy.js"].map((name) => directory.write(name, ""));
  const name = (...names: string[]) => ownModules(names, directory.path).map(({ name }) => name);
  assert.deepEqual(name("policy.ts"), ["policy"]);
  assert.equal(ownModules(["policy.ts"], directory.path)[0]?.file, files[0]);
  assert.throws(() => name("trace.ts"), /there is another handler `trace`: rename/);
  assert.throws(() => name("policy.ts", "policy.js"), /there is another handler `policy`: rename/);
  assert.throws(() => name("gone.ts"), BuildError);
});

Deno.test("a runtime that cannot be read is named", async () => {
  using directory = new Directory();
  const { path } = directory;
  const printed = await runApart(
    `export DENORT_BIN='${path}'`,
    `import { BuildError } from "./src/tooling/deno.ts";
     import { makeExecutable } from "./src/tooling/executable.ts";
     await makeExecutable("${path}", "x86_64-unknown-linux-gnu", "${directory.of("postmaster")}")
       .catch((error) => console.log(error instanceof BuildError, error.message));`,
  );
  assert.match(printed, /^true .*that DENORT_BIN names: Is a/);
});

Deno.test("commonDirectory() is the innermost one", () => {
  const common = (...files: string[]) => commonDirectory(files);
  assert.equal(common("/a/b/x.ts"), "/a/b");
  assert.equal(common("/a/b/x.ts", "/a/b/c/d/y.ts"), "/a/b");
  assert.equal(common("/a/b/x.ts", "/a/bc/y.ts", "/a/b/z.ts"), "/a");
  assert.equal(common("/a/x.ts", "/b/y.ts"), "/");
});

Deno.test("importsAround() reads the project that a module is in", () => {
  using directory = new Directory();
  directory.write("package.json", { dependencies: { ip: "^2.0.0", yaml: "2.9.1" } });
  directory.write("deno.json", { imports: { yaml: "npm:yaml@2", "@lib/": "./lib/" } });
  Deno.mkdirSync(directory.of("handlers"));
  assert.deepEqual(importsAround(directory.write("handlers/policy.ts", "")), {
    ip: "npm:ip@^2.0.0",
    yaml: "npm:yaml@2",
    "@lib/": `${pathToFileURL(directory.of("lib")).href}/`,
  });
  directory.write("deno.json", "{ // }");
  assert.throws(() => importsAround(directory.of("handlers/policy.ts")), /deno\.json: /);
});

Deno.test("workersIn() finds the files that Workers begin with", () => {
  using directory = new Directory();
  Deno.mkdirSync(directory.of("src/queue"), { recursive: true });
  for (
    const name of [
      "queue/store_worker.ts",
      "queue/worker.ts",
      "a_worker.ts",
      "a_worker.md",
      "coworker.ts",
    ]
  ) {
    directory.write(join("src", name), "");
  }
  assert.deepEqual(workersIn(directory.path).toSorted(), [
    "src/a_worker.ts",
    "src/queue/store_worker.ts",
    "src/queue/worker.ts",
  ]);
});

Deno.test("targetOf() tells executables apart", () => {
  const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
  const elf = (machine: string) => bytes(`\x7fELF${"\0".repeat(14)}${machine}\0`);
  assert.equal(targetOf(elf("\x3e")), "x86_64-unknown-linux-gnu");
  assert.equal(targetOf(elf("\xb7")), "aarch64-unknown-linux-gnu");
  assert.equal(targetOf(elf("\x03")), undefined);
  assert.equal(targetOf(bytes("\xcf\xfa\xed\xfe\x07\0\0\x01")), "x86_64-apple-darwin");
  assert.equal(targetOf(bytes("\xcf\xfa\xed\xfe\x0c\0\0\x01")), "aarch64-apple-darwin");
  assert.equal(targetOf(bytes("MZ\x90\0")), "x86_64-pc-windows-msvc");
  assert.equal(targetOf(bytes("#!/bin/sh")), undefined);
  assert.equal(targetOf(bytes("")), undefined);
  assert.ok(TARGET_NAMES.includes(targetOf(Deno.readFileSync(Deno.execPath()))!));
});
