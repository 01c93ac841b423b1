import assert from "node:assert/strict";
import { excerptOf, lineAndColumn } from "../../src/modules/fault.ts";

Deno.test("excerptOf() shows a line with a caret below the column", () => {
  const source = "one\n\ttwo two\r\nthree";
  assert.equal(excerptOf(source, { line: 2, column: 6 }), "  2 | \ttwo two\n    | \t    ^");
  assert.equal(excerptOf(source, { line: 3, column: 6 }), "  3 | three\n    |      ^");
  assert.equal(excerptOf(source, { line: 1, column: 1 }), "  1 | one\n    | ^");
  assert.equal(excerptOf(source, { line: 9, column: 1 }), undefined);
});

Deno.test("excerptOf() shows a part of a long line, and nothing that moves the cursor", () => {
  const shown = excerptOf(`${"x".repeat(5000)}\x1b[2J!${"y".repeat(5000)}`, {
    line: 1,
    column: 5005,
  });
  const [line = "", caret = ""] = (shown ?? "").split("\n");
  assert.ok(line.length < 110);
  assert.equal(line[caret.indexOf("^")], "!");
  assert.ok(!line.includes("\x1b"));
});

Deno.test("lineAndColumn() counts from 1", () => {
  const place = (offset: number) => Object.values(lineAndColumn("ab\ncd\n", offset));
  assert.deepEqual([0, 1, 2, 3, 6].map(place), [[1, 1], [1, 2], [1, 3], [2, 1], [3, 1]]);
});
