import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { Random } from "../fuzz/random.ts";
import { need } from "../need.ts";
import { Directory } from "../running.ts";
import { lose, losses, record, replay } from "./power_loss.ts";
import { contentOf, type Mistake, MISTAKES } from "./writer.ts";

/** The first promise of the writer that a loss of power would have broken. */
async function broken(mistake: Mistake): Promise<string | undefined> {
  using directory = new Directory();
  const root = directory.of("root");
  Deno.mkdirSync(root);
  const program = new URL("writer.ts", import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "--allow-all", "--quiet", program, root, mistake];
  const recorded = await record(command, { directory: root, file: directory.of("record") });
  const kept = new Set<string>();
  const random = new Random(1);
  let found: string | undefined;
  for await (const { step, disk } of replay(recorded)) {
    if (step.do === "say") {
      for (const [, name] of step.text.matchAll(/kept (\S+)/g)) kept.add(name!);
    }
    for (const loss of losses(random, 2)) {
      await lose(disk, loss, async (left) => {
        found ??= await missing(left, kept);
      });
      if (found !== undefined) return found;
    }
  }
  assert.equal(kept.size, 11);
  return undefined;
}

async function missing(left: string, kept: ReadonlySet<string>): Promise<string | undefined> {
  if (kept.size === 0) return undefined;
  for (const name of kept) {
    if (!name.startsWith("file")) continue;
    const content = await Deno.readTextFile(join(left, "files", name)).catch(() => "");
    if (content !== contentOf(name)) return name;
  }
  const rows = [...kept].filter((name) => name.startsWith("row"));
  if (rows.length === 0) return undefined;
  try {
    using database = new DatabaseSync(join(left, "table"));
    const there = database.prepare("SELECT name FROM kept").all().map(({ name }) => name);
    return rows.find((row) => !there.includes(row));
  } catch (error) {
    return String(error);
  }
}

Deno.test({
  name: "a writer that syncs what it promises loses nothing when the power fails",
  ...need("strace"),
  fn: async () => assert.equal(await broken("none"), undefined),
});

for (const mistake of MISTAKES) {
  Deno.test({
    name: `the loss of power finds a writer's mistake: ${mistake}`,
    ...need("strace"),
    fn: async () => assert.notEqual(await broken(mistake), undefined),
  });
}
