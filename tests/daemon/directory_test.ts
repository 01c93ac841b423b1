import assert from "node:assert/strict";
import { makeDirectory } from "../../src/daemon/directory.ts";
import { faultOfDirectory } from "../../src/daemon/needs.ts";
import { needRoot } from "../need.ts";
import { Directory, runApart } from "../running.ts";

const KEY = "spool-directory";

Deno.test("a directory is made with its mode, whatever the umask, and left as it is if it is there", async () => {
  using directory = new Directory();
  const path = directory.of("spool");
  await runApart(
    "umask 077",
    `import { makeDirectory } from "./src/daemon/directory.ts";
     makeDirectory({ key: "${KEY}", path: "${path}", mode: 0o755 }, undefined);`,
  );
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o755);
  makeDirectory({ key: KEY, path, mode: 0o700 }, undefined);
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o755);
  assert.equal(faultOfDirectory(path, new Set()), undefined);
  assert.deepEqual([...Deno.readDirSync(path)], []);
});

Deno.test("what is in the way of a directory is named", () => {
  using directory = new Directory();
  const link = directory.of("link");
  Deno.symlinkSync("gone", link);
  for (const path of [link, directory.write("file", "")]) {
    const message = `${path} is no directory: remove it, or name another`;
    assert.equal(faultOfDirectory(path, new Set()), message);
    assert.throws(() => makeDirectory({ key: KEY, path, mode: 0o700 }, undefined), /cannot make/);
  }
});

Deno.test({
  name: "a directory that root makes is its owner's",
  ...needRoot(),
  fn() {
    using directory = new Directory();
    const path = directory.of("spool");
    makeDirectory({ key: KEY, path, mode: 0o700 }, { uid: 1, gid: 2, groups: [2] });
    const { uid, gid } = Deno.statSync(path);
    assert.deepEqual([uid, gid], [1, 2]);
  },
});

Deno.test("a directory in which anybody may write is refused, but for one like /tmp", () => {
  using directory = new Directory();
  const path = directory.of("spool");
  Deno.mkdirSync(path);
  Deno.chmodSync(path, 0o777);
  const wanted = `anybody may write in ${path}: chmod o-w ${path}`;
  assert.equal(faultOfDirectory(path, new Set()), wanted);
  Deno.chmodSync(path, 0o1777);
  assert.equal(faultOfDirectory(path, new Set()), undefined);
});
