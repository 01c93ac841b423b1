import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { replaceFile, replaceFileAside } from "../../src/base/replace_file.ts";

/** A directory that is removed afterwards. */
async function directory() {
  const path = await mkdtemp(join(tmpdir(), "replace-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

Deno.test("processes and tasks that replace one file at once do not disturb one another", async () => {
  await using made = await directory();
  const file = join(made.path, "notes.json");
  const module = new URL("../../src/base/replace_file.ts", import.meta.url);
  const other = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { replaceFile } from ${JSON.stringify(module)};` +
      `for (let i = 0; i < 200; i++) replaceFile(${JSON.stringify(file)}, "other".repeat(1000));`,
    ],
    stderr: "piped",
  }).output();
  for (let i = 0; i < 50; i++) {
    await Promise.all([
      replaceFileAside(file, "one".repeat(1000)),
      replaceFileAside(file, "two".repeat(1000)),
    ]);
    replaceFile(file, "three".repeat(1000));
  }
  const { success, stderr } = await other;
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.match(await readFile(file, "utf8"), /^(three|other)+$/);
  assert.deepEqual(await readdir(made.path), ["notes.json"]);
});

Deno.test("a file that is replaced is its user's alone, or keeps the permissions that it had", async () => {
  await using made = await directory();
  const file = join(made.path, "state", "secret");
  for (const replace of [replaceFile, replaceFileAside]) {
    await replace(file, "1");
    assert.equal(await modeOf(file), 0o600);
  }
  await chmod(file, 0o640);
  replaceFile(file, "2", { keepMode: true });
  assert.equal(await modeOf(file), 0o640);
  assert.equal(await readFile(file, "utf8"), "2");
});

Deno.test("what cannot be written leaves nothing behind, and names the file", async () => {
  await using made = await directory();
  const file = join(made.path, "taken");
  await Deno.mkdir(join(file, "in the way"), { recursive: true });
  await Deno.writeTextFile(join(made.path, "file"), "no directory");
  for (const path of [file, join(made.path, "file", "x"), join(made.path, "file", "x", "y")]) {
    const complaint = { message: new RegExp(`^cannot write ${path}: `) };
    assert.throws(() => replaceFile(path, "x"), complaint);
    await assert.rejects(replaceFileAside(path, "x"), complaint);
  }
  assert.deepEqual((await readdir(made.path)).toSorted(), ["file", "taken"]);
});
