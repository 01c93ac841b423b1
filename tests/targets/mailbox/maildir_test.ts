import assert from "node:assert/strict";
import { type Maildir, storeInMaildir } from "../../../src/targets/mailbox/maildir.ts";
import { need, needRoot } from "../../need.ts";
import { Directory } from "../../running.ts";
import { chunks, JOE, readByPython, storing } from "./storing.ts";

const at = (path: string, more: Partial<Maildir> = {}): Maildir => ({
  ...{ path, overQuota: "defer", folders: "existing" },
  ...more,
});

const namesIn = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name);
const modeOf = (path: string) => (Deno.statSync(path).mode! & 0o777).toString(8);
const store = (maildir: Maildir, extension = "", text = "Subject: hello\n\nHello!\n") =>
  storeInMaildir(maildir, { ...JOE, extension }, chunks(text));

Deno.test({
  name: "a message is in new, for its owner only, under a name with its size",
  ...need("python3"),
  async fn() {
    using directory = new Directory();
    const path = directory.of("vmail/{domain}/{local}");
    Deno.mkdirSync(directory.of("vmail"));
    await Promise.all([store(at(path)), store(at(path)), store(at(path))]);
    const maildir = directory.of("vmail/example.net/joe");
    const names = namesIn(`${maildir}/new`);
    assert.equal(names.length, 3);
    for (const name of names) {
      assert.match(name, /^\d{10}\.M\d+P\d+Q\d+\.[^/:,]+,S=23$/);
      assert.equal(modeOf(`${maildir}/new/${name}`), "600");
    }
    assert.deepEqual(namesIn(`${maildir}/tmp`), []);
    assert.deepEqual(["", "/cur", "/.."].map((part) => modeOf(maildir + part)), [
      "700",
      "700",
      "700",
    ]);
    const read = await readByPython("Maildir", maildir);
    assert.deepEqual(read[0], { subject: "hello", lines: ["Hello!"] });
  },
});

Deno.test("nothing is made where the directory above is missing, or for an address that makes no name", async () => {
  using directory = new Directory();
  const where = directory.of("not-mounted/{local}");
  await assert.rejects(store(at(where)), {
    status: "4.2.0",
    message: /there is no directory .*not-mounted$/,
  });
  for (const local of ["..", ".ssh", "a/b", "", "a\0b", "x".repeat(300)]) {
    const bad = storeInMaildir(at(directory.of("{local}")), { ...JOE, local }, chunks("x\n"));
    await assert.rejects(bad, { status: "5.1.3" }, local);
  }
  await assert.rejects(store(at("{home}/Maildir")), { status: "4.3.5" });
  assert.deepEqual(namesIn(directory.path), []);
});

Deno.test("an extension leads to a folder that is there, or is made, and else to the inbox", async () => {
  using directory = new Directory();
  const path = directory.of("joe");
  await store(at(path));
  Deno.mkdirSync(`${path}/.lists/new`, { recursive: true });
  Deno.mkdirSync(`${path}/.lists/tmp`);
  for (const extension of ["lists", "unknown", "../joe", ".", "", "a/b", "..", ".lists"]) {
    await store(at(path), extension);
  }
  assert.equal(namesIn(`${path}/.lists/new`).length, 1);
  assert.equal(namesIn(`${path}/new`).length, 8);
  await store(at(path, { folders: "create" }), "work.2026");
  await store(at(path, { folders: "create" }), "w&rk");
  await store(at(path, { folders: "none" }), "lists");
  assert.deepEqual(namesIn(`${path}/.work.2026`).toSorted(), [
    "cur",
    "maildirfolder",
    "new",
    "tmp",
  ]);
  assert.equal(namesIn(`${path}/.work.2026/new`).length, 1);
  assert.equal(namesIn(`${path}/new`).length, 10);
});

Deno.test("a full Maildir takes no more, until its owner makes room", async () => {
  using directory = new Directory();
  const path = directory.of("joe");
  const quota = { quota: 50 };
  await store(at(path, quota));
  await store(at(path, quota));
  assert.equal(Deno.readTextFileSync(`${path}/maildirsize`), "50S\n0 0\n23 1\n23 1\n");
  await assert.rejects(store(at(path, quota)), { status: "4.2.2", reason: "mailbox full" });
  await assert.rejects(store(at(path, { ...quota, overQuota: "fail" })), { status: "5.2.2" });
  await assert.rejects(store(at(path)), { status: "4.2.2" }, "the limit in the file counts, too");
  await assert.rejects(store(at(path, quota), "", "x".repeat(51)), { status: "5.2.3" });
  assert.deepEqual(namesIn(`${path}/tmp`), []);
  const [first] = namesIn(`${path}/new`);
  Deno.removeSync(`${path}/new/${first}`);
  await assert.rejects(store(at(path, quota)), { status: "4.2.2" }, "it was counted just now");
  Deno.utimeSync(`${path}/maildirsize`, 0, 0);
  await store(at(path, quota));
  assert.equal(Deno.readTextFileSync(`${path}/maildirsize`), "50S\n23 1\n23 1\n");
  await store(at(path, { quota: 100 }));
  assert.match(Deno.readTextFileSync(`${path}/maildirsize`), /^100S\n46 2\n/);
});

Deno.test("a message that breaks off leaves nothing", async () => {
  using directory = new Directory();
  async function* broken() {
    yield* chunks("Subject: half");
    throw new Error("it broke off");
  }
  await assert.rejects(storeInMaildir(at(directory.of("joe")), JOE, broken()), /it broke off/);
  assert.deepEqual(namesIn(directory.of("joe/new")), []);
  assert.deepEqual(namesIn(directory.of("joe/tmp")), []);
});

Deno.test({
  name: "a delivery that dies at any step leaves no half message in new",
  ...need("strace", "python3"),
  async fn() {
    using directory = new Directory();
    const killedAt = async (call: string, path: string) => {
      const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL`];
      const strace = ["strace", "-f", "-qq", "-o", "/dev/null", ...inject];
      const { code } = await storing("Maildir", at(path), ["crash"], strace);
      assert.notEqual(code, 0, `it dies at ${call}`);
    };
    for (const call of ["mkdir", "fsync", "rename"]) {
      const path = directory.of(call);
      await killedAt(call, path); // in a Maildir that is being made, and then in one that is there
      await store(at(path));
      await killedAt(call === "mkdir" ? "fsync" : call, path);
      for (const name of namesIn(`${path}/new`)) {
        const { size } = Deno.statSync(`${path}/new/${name}`);
        assert.equal(name.split(",")[1], `S=${size}`);
      }
      await store(at(path));
      const read = await readByPython("Maildir", path);
      assert.equal(read.filter(({ subject }) => subject === "hello").length, 2);
    }
  },
});

Deno.test({
  name: "a full disk is no reason to give mail up, and leaves nothing",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    await new Deno.Command("mount", {
      args: ["-t", "tmpfs", "-o", "size=64k", "none", directory.path],
    }).output();
    try {
      const maildir = at(directory.of("joe"));
      await assert.rejects(store(maildir, "", "x".repeat(100_000)), { code: "ENOSPC" });
      assert.deepEqual(namesIn(directory.of("joe/tmp")), []);
      await store(maildir);
    } finally {
      await new Deno.Command("umount", { args: [directory.path] }).output();
    }
  },
});
