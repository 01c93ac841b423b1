import assert from "node:assert/strict";
import { makeDirectory, tryDirectory } from "../../src/daemon/directory.ts";
import { needRoot } from "../need.ts";
import { Directory, postmaster } from "../running.ts";

const KEY = "spool-directory";

Deno.test("a directory is made with its mode, whatever the umask, and left as it is if it is there", () => {
  using directory = new Directory();
  const path = directory.of("spool");
  const umask = Deno.umask(0o077);
  try {
    makeDirectory({ key: KEY, path, mode: 0o755 }, undefined);
  } finally {
    Deno.umask(umask);
  }
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o755);
  makeDirectory({ key: KEY, path, mode: 0o700 }, undefined);
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o755);
  tryDirectory({ key: KEY, path, mode: 0o700 });
  assert.deepEqual([...Deno.readDirSync(path)], []);
});

Deno.test("what is in the way of a directory is named", () => {
  using directory = new Directory();
  const link = directory.of("link");
  Deno.symlinkSync("gone", link);
  for (const path of [link, directory.write("file", "")]) {
    const message = `\`${KEY}\`: ${path} is no directory: remove it, or name another`;
    assert.throws(() => makeDirectory({ key: KEY, path, mode: 0o700 }, undefined), { message });
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
  const wanted = { message: `\`${KEY}\`: anybody may write in ${path}: chmod o-w ${path}` };
  assert.throws(() => tryDirectory({ key: KEY, path, mode: 0o700 }), wanted);
  Deno.chmodSync(path, 0o1777);
  tryDirectory({ key: KEY, path, mode: 0o700 });
});

Deno.test({
  name:
    "a spool directory that is not the user's keeps the server from starting, and check says so",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    Deno.chmodSync(directory.path, 0o755);
    Deno.mkdirSync(directory.of("spool"));
    const config = directory.write("postmaster.yaml", {
      listen: "127.0.0.1:0",
      user: "nobody",
      "state-directory": "state",
      "spool-directory": "spool",
    });
    const wanted =
      /`spool-directory`: the server, with the user id 65534, cannot write in \S*\/spool, whose owner has the user id 0 .*: chown it, or name another\n/;
    const { code, stderr } = await postmaster("--config", config);
    assert.equal(code, 1);
    assert.match(stderr, wanted);
    const { stdout } = await postmaster("check", "--config", config);
    assert.match(stdout, wanted);
    assert.match(stdout, /\nuser: nobody, with the groups nogroup\n/);
  },
});
