import { deepEqual } from "node:assert/strict";
import { Seldom } from "../../src/base/seldom.ts";

Deno.test("Seldom says each thing once in its time, and then again", () => {
  const seldom = new Seldom(10);
  const due = (now: number) => ["a", "b"].filter((what) => seldom.isDue(what, now));
  deepEqual(["a"].filter((what) => seldom.isDue(what, 0)), ["a"]);
  deepEqual([5, 9, 10, 14, 15, 19, 20].map(due), [["b"], [], ["a"], [], ["b"], [], ["a"]]);
});
