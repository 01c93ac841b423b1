import assert from "node:assert/strict";
import { storeInMbox } from "../../../src/targets/mailbox/mbox.ts";
import { mboxEntry } from "../../../src/targets/mailbox/mbox_lines.ts";
import { encode, text } from "../../../src/smtp/ascii.ts";
import { need, needRoot } from "../../need.ts";
import { Directory, run } from "../../running.ts";
import { chunks, JOE, readByPython, storing } from "./storing.ts";

const store = (path: string, message = "Subject: hello\n\nHello!\n") =>
  storeInMbox({ path }, JOE, chunks(message));

const NOON = new Date("2026-11-08T12:00:00Z");

Deno.test("lines that look like a From line are quoted, those that are quoted already, too", () => {
  const message = "Subject: x\n\nFrom me\n>From you\n>>From\n From\nFromage\n\nFrom \nFrom end";
  assert.equal(
    text(mboxEntry(encode(message), "j doe@example.org", NOON)),
    "From j_doe@example.org Sun Nov  8 12:00:00 2026\n" +
      "Subject: x\n\n>From me\n>>From you\n>>From\n From\nFromage\n\n>From \n>From end\n\n",
  );
  const octets = Uint8Array.of(0xff, 0x00, 0x0d, 0xe9);
  assert.deepEqual([...mboxEntry(octets, "a", NOON).slice(-6)], [...octets, 0x0a, 0x0a]);
});

Deno.test("a message is added after an empty line, in a file of its owner's", async () => {
  using directory = new Directory();
  const path = directory.write("joe", "From a@b Sun Nov  8 12:00:00 2026\n\nno line end");
  await store(path);
  assert.match(
    Deno.readTextFileSync(path),
    /no line end\n\nFrom jane@example\.org .*\nSubject: hello\n\nHello!\n\n$/,
  );
  await store(directory.of("jane"));
  assert.equal(Deno.statSync(directory.of("jane")).mode! & 0o777, 0o600);
  assert.deepEqual(Deno.readDirSync(directory.path).map(({ name }) => name).toArray().toSorted(), [
    "jane",
    "joe",
  ]);
});

Deno.test("a link, a second name, a directory and a missing directory are no mbox", async () => {
  using directory = new Directory();
  const victim = directory.write("victim", "secret");
  Deno.symlinkSync(victim, directory.of("link"));
  Deno.symlinkSync(directory.of("nowhere"), directory.of("dangling"));
  Deno.linkSync(victim, directory.of("hard"));
  Deno.mkdirSync(directory.of("directory"));
  for (const name of ["link", "dangling", "hard", "directory", "missing/joe"]) {
    await assert.rejects(store(directory.of(name)), { status: "4.2.0" }, name);
  }
  assert.equal(directory.read("victim"), "secret");
  assert.throws(() => Deno.statSync(directory.of("nowhere")), Deno.errors.NotFound);
});

Deno.test({
  name: "a file of another user's is no mbox of one's own",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    Deno.chownSync(directory.write("joe", ""), 65534, 65534);
    await assert.rejects(store(directory.of("joe")), {
      message: /belongs to the user 65534, not to 0/,
    });
  },
});

Deno.test({
  name: "a disk that is full leaves the mbox as it was",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    await run("mount", ["-t", "tmpfs", "-o", "size=64k", "none", directory.path]);
    try {
      await store(directory.of("joe"));
      const before = Deno.readTextFileSync(directory.of("joe"));
      await assert.rejects(store(directory.of("joe"), "x".repeat(100_000)), { code: "ENOSPC" });
      assert.equal(Deno.readTextFileSync(directory.of("joe")), before);
      await store(directory.of("joe"));
    } finally {
      await run("umount", [directory.path]);
    }
  },
});

Deno.test({
  name: "procmail and several deliveries write to one mbox at the same time, and lose nothing",
  ...need("procmail", "python3"),
  async fn() {
    using directory = new Directory();
    const path = directory.of("joe");
    const recipe = directory.write("rc", `LOCKSLEEP=1\n:0:\n${path}\n`);
    const numbers = (name: string, count: number) =>
      Array.from({ length: count }, (_, i) => `${name}-${i}`);
    const ours = ["a", "b", "c"].map((name) => numbers(name, 10));
    const theirs = numbers("procmail", 20);
    const byProcmail = async () => {
      for (const subject of theirs) {
        const message = `Subject: ${subject}\n\n${"here\n".repeat(1000)}`;
        const { code, stderr } = await run(
          "procmail",
          ["-Y", "-f", "ann@example.org", recipe],
          message,
        );
        assert.equal(code, 0, stderr);
      }
    };
    const [, ...ended] = await Promise.all([
      byProcmail(),
      ...ours.map((subjects) => storing("Mbox", { path }, subjects)),
    ]);
    assert.deepEqual(ended.map(({ said }) => said), ["", "", ""]);
    const read = await readByPython("mbox", path);
    assert.deepEqual(
      read.map(({ subject }) => subject).toSorted(),
      [...ours.flat(), ...theirs].toSorted(),
    );
    for (const { lines } of read) {
      assert.equal(lines.filter((line) => line.endsWith("here")).length, 1000);
    }
  },
});

Deno.test({
  name: "a delivery that dies at any step leaves nothing torn once the next one has come",
  ...need("strace", "python3"),
  async fn() {
    using directory = new Directory();
    const path = directory.of("joe");
    await store(path, "Subject: before\n\nbefore\n");
    const lock = `${path}.lock`;
    const calls = [
      ...["openat", "write", "fsync", "unlink"].map((call) => [call, lock] as const),
      ...["openat", "write", "fsync"].map((call) => [call, path] as const),
    ];
    for (const [step, [call, file]] of calls.entries()) {
      const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL`];
      const strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", file, ...inject];
      const { code } = await storing("Mbox", { path }, ["crash"], strace);
      assert.notEqual(code, 0, `it dies at ${call} of ${file}`);
      if (file === path && call === "fsync") {
        Deno.truncateSync(path, Deno.statSync(path).size - 4000); // as if the disk had not all of it
      }
      age(lock);
      await store(path, `Subject: after ${step}\n\nafter\n`);
      const read = await readByPython("mbox", path);
      assert.deepEqual(
        read.map(({ subject }) => subject),
        ["before", ...calls.slice(0, step + 1).map((_, i) => `after ${i}`)],
        `it died at ${call} of ${file}`,
      );
      for (const { lines } of read.slice(1)) assert.deepEqual(lines, ["after"]);
    }
  },
});

/** Makes a lock that says nothing yet an old one: its owner died before it wrote anything to the mbox. */
function age(lock: string): void {
  try {
    if (Deno.statSync(lock).size === 0) Deno.utimeSync(lock, 0, 0);
  } catch { /* there is none */ }
}
