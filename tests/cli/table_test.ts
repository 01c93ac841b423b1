import { equal } from "node:assert/strict";
import { Table } from "../../src/cli/queue/table.ts";

Deno.test("a table may have more rows than a call has arguments", () => {
  const lines = new Table<number>([{ head: "N", cell: String }]).lines(
    Array.from({ length: 500_000 }, (_, i) => i),
  );
  equal(lines.length, 500_001);
  equal(lines.at(-1), "499999");
});
