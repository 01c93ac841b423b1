import { equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { coalesce } from "../../src/message/coalesce.ts";

Deno.test("coalesce() keeps the bytes and joins chunks until they are big enough", async () => {
  const chunk = fc.uint8Array({ maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.array(chunk), fc.integer({ min: 1, max: 30 }), async (chunks, size) => {
      async function* body() {
        yield* chunks;
      }
      const joined = await Array.fromAsync(coalesce(body(), size));
      equal(Buffer.concat(joined).compare(Buffer.concat(chunks)), 0);
      for (const { length } of joined.slice(0, -1)) equal(length >= size, true);
      equal(joined.at(-1)?.length === 0, false);
    }),
  );
});
