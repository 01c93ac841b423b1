import { deepEqual, ok } from "node:assert/strict";
import { shareDescriptors } from "../../src/net/descriptors.ts";

Deno.test("shareDescriptors() leaves each connection a descriptor for the file of its message", () => {
  deepEqual(shareDescriptors(40, 0, 1024), { connections: 228, refused: 64, questions: 128 });
  deepEqual(shareDescriptors(40, 0, 524288), {
    connections: 261392,
    refused: 128,
    questions: 1000,
  });
});

Deno.test("shareDescriptors() never gives out more than there are, and some for each purpose", () => {
  for (const limit of [64, 100, 256, 1000, 4096, 65536]) {
    for (const mailers of [1, 20, 1000]) {
      for (const filters of [0, 1, 5]) {
        const { connections, refused, questions } = shareDescriptors(mailers, filters, limit);
        ok((2 + filters) * connections + refused + questions < limit);
        ok(connections > 0 && refused > 0 && questions > 0, `${limit} ${mailers} ${filters}`);
      }
    }
  }
});

Deno.test("shareDescriptors() gives enough where nobody says how many there may be", () => {
  const enough = { connections: Infinity, refused: 128, questions: 1000 };
  deepEqual(shareDescriptors(20, 2, Infinity), enough);
});
