import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { defaultStateDirectory, isWritable } from "../../src/config/state_directory.ts";
import { Directory, runApart } from "../running.ts";

Deno.test("isWritable() is true for a directory, and for one that can be made", () => {
  using directory = new Directory();
  assert.ok(isWritable(directory.path));
  assert.ok(isWritable(directory.of("some/where/deep")));
  assert.deepEqual(directory.list(), [], "nothing is made");
});

Deno.test("isWritable() is false where nothing can be made", () => {
  using directory = new Directory();
  const file = directory.write("file", "");
  for (const path of [file, `${file}/state`, "/proc/1/state"]) {
    assert.equal(isWritable(path), false, path);
  }
});

Deno.test("the default is the system's directory if it is writable, else one of the user's", () => {
  const system = existsSync("/var/lib/postmaster")
    ? isWritable("/var/lib/postmaster")
    : Deno.uid() === 0;
  const directory = defaultStateDirectory(); // in tests, no systemd has named one
  assert.equal(directory === "/var/lib/postmaster", system);
  assert.ok(directory.startsWith("/") && directory.endsWith("/postmaster"), directory);
});

Deno.test("the directory that systemd names comes first", async () => {
  const module = `
    import { defaultStateDirectory } from "./src/config/state_directory.ts";
    console.log(defaultStateDirectory());`;
  const before = "export STATE_DIRECTORY=/srv/postmaster:/srv/other";
  assert.equal(await runApart(before, module), "/srv/postmaster\n");
});
