import assert from "node:assert/strict";
import { Gathering } from "../../src/queue/gathering.ts";

/** A gathering of names, and what was written together. */
function gathering(patience?: number) {
  const written: string[] = [];
  const write = (items: readonly string[]) => Promise.resolve(void written.push(items.join()));
  return { all: new Gathering<string>(patience), written, write };
}

Deno.test("what is told of a message waits for its other deliveries that run", async () => {
  const { all, written, write } = gathering();
  const [one, two, quiet, other] = ["m", "m", "m", "other"].map((id) => all.begin(id));
  const told = one!.tell(["a"], write);
  await other!.tell(["x"], write);
  quiet!.end();
  quiet!.end();
  assert.deepEqual(written, ["x"]);
  await Promise.all([told, two!.tell(["b", "c"], write)]);
  one!.end();
  assert.deepEqual(written, ["x", "a,b,c"]);
});

Deno.test("a delivery with nothing to tell is the last one", async () => {
  const { all, written, write } = gathering();
  const [one, two] = [all.begin("m"), all.begin("m")];
  const told = one.tell(["a"], write);
  two.end();
  await told;
  assert.deepEqual(written, ["a"]);
  await all.begin("m").tell(["b"], write);
  assert.deepEqual(written, ["a", "b"]);
});

Deno.test("what cannot be written is known to all that told it", async () => {
  const { all } = gathering();
  const [one, two] = [all.begin("m"), all.begin("m")];
  const write = () => Promise.reject(new Error("full"));
  await Promise.all([
    assert.rejects(one.tell(["a"], write), /full/),
    assert.rejects(two.tell(["b"], write), /full/),
  ]);
});

Deno.test("a slow delivery is waited for a while only", async () => {
  const { all, written, write } = gathering(1);
  const slow = all.begin("m");
  await all.begin("m").tell(["a"], write);
  assert.deepEqual(written, ["a"]);
  await slow.tell(["b"], write);
  assert.deepEqual(written, ["a", "b"]);
});
