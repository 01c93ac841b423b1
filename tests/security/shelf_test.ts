/** Policies on disk, of which there may be too many. */
import assert from "node:assert/strict";
import { parsePolicy } from "../../src/security/sts/parse.ts";
import { Shelf } from "../../src/security/sts/shelf.ts";
import { Directory } from "../running.ts";

Deno.test("large policies of others, and old ones, go before those that are needed", async () => {
  using directory = new Directory();
  const broke = (file: string, error: string) => assert.fail(`${file}: ${error}`);
  const shelf = await Shelf.open({ directory: directory.of("sts"), broke, capacity: 200_000 });
  const put = (domain: string, text: string, expires = Infinity) => {
    const { policy } = parsePolicy(`version: STSv1\nmode: enforce\n${text}max_age: 600000\n`);
    return shelf.put({ domain, id: "1", fetched: 1000, expires: Math.min(expires, 1e9), policy });
  };
  await put("bank.example", "mx: mx.bank.example\n");
  await put("old.example", "mx: mx.old.example\n", 999);
  for (let i = 0; i < 20; i++) await put(`d${i}.evil.example`, "mx: a\n".repeat(2000));
  const domains = shelf.all().map(({ domain }) => domain);
  assert.ok(domains.includes("bank.example"), domains.join(" "));
  assert.ok(!domains.includes("old.example"), domains.join(" "));
});
