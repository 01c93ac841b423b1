/**
 * The log in a file.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileSink } from "../../src/log/file.ts";
import { textLine } from "../../src/log/format.ts";
import { openLog } from "../../src/log/open.ts";
import { record } from "./records.ts";

/** Runs a test with the path of a log file in a directory of its own. */
async function withFile(test: (path: string) => Promise<void> | void): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(`${directory}/mail.log`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The events in a log file, by the field that tells them apart. */
const reasons = (path: string): string[] =>
  Deno.readTextFileSync(path).split("\n").slice(0, -1).map((line) =>
    /reason=(\S+)/.exec(line)![1]!
  );

async function until(condition: () => boolean, milliseconds: number): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!condition()) {
    assert.ok(Date.now() < deadline, "the deadline has passed");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const stopping = (reason: string) => record("stopping", { reason });

Deno.test("a file log writes what waits when it is closed, and appends the next time", () =>
  withFile(async (path) => {
    for (const reason of ["first", "second"]) {
      const { log, close } = await openLog({
        level: "info",
        format: "text",
        sinks: { file: path },
      });
      for (let i = 0; i < 3; i++) log("stopping", { reason: `${reason}${i}`, sessions: i });
      await close();
    }
    assert.deepEqual(reasons(path), [
      "first0",
      "first1",
      "first2",
      "second0",
      "second1",
      "second2",
    ]);
    assert.equal(Deno.statSync(path).mode! & 0o137, 0, "readable by others");
  }));

Deno.test("a file log writes within a second or so", () =>
  withFile(async (path) => {
    await using sink = await fileSink(path, textLine);
    sink(stopping("a"));
    assert.equal(Deno.statSync(path).size, 0);
    await until(() => Deno.statSync(path).size > 0, 5000);
  }));

Deno.test("a file log writes errors at once", () =>
  withFile(async (path) => {
    await using sink = await fileSink(path, textLine);
    sink(stopping("a"));
    sink(record("listener failed", { reason: "b" }, "error"));
    await until(() => Deno.statSync(path).size > 0, 900); // and not after the second that others wait
    assert.deepEqual(reasons(path), ["a", "b"]);
  }));

Deno.test("a file log loses no line of many", () =>
  withFile(async (path) => {
    const expected = Array.from({ length: 20_000 }, (_, i) => `r${i}`);
    {
      await using sink = await fileSink(path, textLine);
      for (const reason of expected) sink(stopping(reason));
    }
    assert.deepEqual(reasons(path), expected);
  }));

Deno.test("a file log makes a new file when the old one was moved away", () =>
  withFile(async (path) => {
    {
      await using sink = await fileSink(path, textLine);
      sink(record("handler", { reason: "before" }, "error"));
      await until(() => Deno.statSync(path).size > 0, 5000);
      Deno.renameSync(path, `${path}.1`);
      sink(record("handler", { reason: "after" }, "error"));
    }
    assert.deepEqual(reasons(`${path}.1`), ["before"]);
    assert.deepEqual(reasons(path), ["after"]);
  }));

Deno.test("a file log goes on in the new file after it was opened anew, with and without lines that wait", () =>
  withFile(async (path) => {
    const sink = await fileSink(path, textLine);
    for (let n = 1; n <= 3; n++) {
      if (n !== 2) sink(stopping(`waits${n}`));
      Deno.renameSync(path, `${path}.${n}`);
      await sink.reopen();
      sink(record("handler", { reason: `after${n}` }, "error"));
      await until(() => reasons(path).includes(`after${n}`), 5000);
    }
    await sink[Symbol.asyncDispose]();
    const all = [`${path}.1`, `${path}.2`, `${path}.3`, path].flatMap(reasons);
    assert.deepEqual(all.toSorted(), ["after1", "after2", "after3", "waits1", "waits3"]);
  }));

Deno.test("a file log keeps its lines while the disk is full", () =>
  withFile(async (path) => {
    // /dev/full answers every write with ENOSPC; the name then leads to a disk with room.
    Deno.symlinkSync("/dev/full", path);
    {
      await using sink = await fileSink(path, textLine);
      sink(record("handler", { reason: "full" }, "error"));
      await new Promise((resolve) => setTimeout(resolve, 100)); // it may try to write in vain
      Deno.removeSync(path);
      sink(record("handler", { reason: "room" }, "error"));
    }
    assert.deepEqual(reasons(path), ["full", "room"]);
  }));

Deno.test("openLog() rejects a file that cannot be written, and says which", async () => {
  const file = "/nonexistent/mail.log";
  await assert.rejects(openLog({ level: "info", format: "text", sinks: { file } }), {
    message: /^cannot open the log file \/nonexistent\/mail\.log: No such file or directory/,
  });
});
