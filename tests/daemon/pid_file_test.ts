import assert from "node:assert/strict";
import { complaint, Directory, postmaster, Running } from "../running.ts";

Deno.test("the process id is in its file while the server runs", async () => {
  await using server = await Running.start(() => ({ "pid-file": "run/postmaster.pid" }));
  const { directory, pid } = server;
  assert.equal(directory.read("run/postmaster.pid"), `${pid}\n`);
  assert.equal(await server.stop(), 0);
  assert.deepEqual([...Deno.readDirSync(directory.of("run"))], []);
});

Deno.test("a second server with the same file does not start, and leaves the first alone", async () => {
  await using server = await Running.start(() => ({ "pid-file": "postmaster.pid" }));
  const { directory, pid } = server;
  const config = ["--config", directory.of("postmaster.yaml")];
  const { code, stderr } = await postmaster(...config);
  const file = directory.of("postmaster.pid");
  assert.deepEqual([code, stderr], [
    1,
    `postmaster: a server runs already: process ${pid}, by its file ${file}\n`,
  ]);
  assert.equal(directory.read("postmaster.pid"), `${pid}\n`);
  const checked = await postmaster("check", ...config);
  assert.match(checked.stdout, new RegExp(`\npid file: ${file} \\(of process ${pid}\\)\n`));
});

for (const stale of ["", "1\n", `${Deno.pid}\n`, "99999999\n"]) {
  Deno.test(`a file that a dead server left is replaced: ${JSON.stringify(stale)}`, async () => {
    await using server = await Running.start((directory) => {
      directory.write("postmaster.pid", stale);
      return { "pid-file": "postmaster.pid" };
    });
    assert.equal(server.directory.read("postmaster.pid"), `${server.pid}\n`);
  });
}

Deno.test("a pipe is no file of a process id, and nobody waits for it", async () => {
  using directory = new Directory();
  const file = directory.of("pipe");
  await new Deno.Command("mkfifo", { args: [file] }).output();
  const config = directory.write("postmaster.yaml", { users: ["joe"], "pid-file": "pipe" });
  for (const command of ["check", "run"]) {
    const { code, stderr } = await postmaster(
      command,
      "--config",
      config,
      "--listen",
      "127.0.0.1:0",
    );
    assert.equal(code, 1);
    assert.match(stderr, /pipe is there, and is not the file of a process id/);
  }
});

Deno.test("the file of a server that was killed does not stop the next", async () => {
  await using server = await Running.start(() => ({ "pid-file": "postmaster.pid" }));
  const { directory } = server;
  server.kill("SIGKILL");
  await server.ended();
  assert.equal(directory.read("postmaster.pid"), `${server.pid}\n`);
  await using next = await Running.start(() => ({ "pid-file": directory.of("postmaster.pid") }));
  assert.equal(directory.read("postmaster.pid"), `${next.pid}\n`);
});

Deno.test("what is no file of a process id is not overwritten", async () => {
  using directory = new Directory();
  directory.write("other", "1 2 3\n");
  directory.write("empty", "");
  Deno.symlinkSync(directory.of("empty"), directory.of("link"));
  Deno.mkdirSync(directory.of("folder"));
  for (
    const [name, wanted] of [
      ["other", /is not the file of a process id: remove it, or name another/],
      ["link", /is not the file of a process id: remove it, or name another/],
      ["folder", /folder is a directory: name a file/],
      ["other/pid", /`pid-file`: .*other is no directory: remove it, or name another/],
      ["no/such/pid", /`pid-file`: there is no directory \S*\/no in which/],
    ] as const
  ) {
    const config = directory.write("postmaster.yaml", {
      listen: "127.0.0.1:0",
      "pid-file": name,
      "handlers-as-root": true,
    });
    const { code, stderr } = await postmaster("--config", config);
    assert.equal(code, 1, name);
    assert.match(stderr, wanted);
    assert.equal(complaint(stderr).split("\n").length, 2, stderr);
  }
  assert.deepEqual([directory.read("other"), directory.read("empty")], ["1 2 3\n", ""]);
});
