import assert from "node:assert/strict";
import { Watched } from "../../src/base/watched.ts";

Deno.test("changes of a file are seen, also many of the same size within a second", async () => {
  const file = Deno.makeTempFileSync({ prefix: "postmaster-test-" });
  Deno.writeTextFileSync(file, "00");
  const watched = new Watched(file, (text) => text);
  for (let i = 10; i < 60; i++) {
    await modifiedLater(file, `${i}`);
    assert.equal(watched.value, `${i}`);
  }
  Deno.removeSync(file);
});

/** Writes the file once the clock of its file system has gone on. */
async function modifiedLater(file: string, text: string): Promise<void> {
  const before = Deno.statSync(file).mtime?.getTime();
  do {
    await new Promise((resolve) => setTimeout(resolve, 1));
    Deno.writeTextFileSync(file, text);
  } while (Deno.statSync(file).mtime?.getTime() === before);
}
