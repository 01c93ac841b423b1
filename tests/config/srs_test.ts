import assert from "node:assert/strict";
import { ConfigError, parseConfig } from "../../src/config/mod.ts";
import { Directory } from "../running.ts";

Deno.test("a secret of rewritten senders must be there, and long", () => {
  using directory = new Directory();
  directory.write("weak", "a secret that is long\nshort\n");
  directory.write("empty", "\n");
  const mistakes: readonly [object, RegExp][] = [
    [{ "secret-file": "weak" }, /`relay\.srs\.secret-file`: it must hold secrets of 16 char/],
    [{ "secret-file": "empty" }, /`relay\.srs\.secret-file`: it must hold secrets of 16 char/],
    [{ "secret-file": "none" }, /`relay\.srs\.secret-file`: there is no file .*none/],
    [{ domain: "[192.0.2.1]" }, /`relay\.srs\.domain`: .* is no domain/],
    [{ "hash-length": 3 }, /`relay\.srs\.hash-length`: must be 4 or more/],
  ];
  for (const [written, wanted] of mistakes) {
    const file = directory.write("postmaster.yaml", {
      relay: {
        command: ["true"],
        srs: { domain: "example.net", "secret-file": "weak", ...written },
      },
    });
    assert.throws(() => parseConfig(Deno.readTextFileSync(file), file), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.problems.map(({ message }) => message).join("\n"), wanted);
      return true;
    });
  }
});
