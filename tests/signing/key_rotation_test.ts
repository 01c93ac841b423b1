import { deepEqual } from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { keep, keysIn } from "../../src/signing/key_files.ts";
import { observe } from "../../src/signing/key_rotation.ts";

const pem = () =>
  String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));

Deno.test("observe() retires a key whose successor signs already: something came in between", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const domain = "example.net";
    const common = { domain, algorithm: "ed25519-sha256" } as const;
    const time = "2026-11-01T00:00:00.000Z";
    keep(directory, {
      ...{ ...common, selector: "old", pem: pem() },
      notes: { created: time, published: time },
    });
    keep(directory, {
      ...{ ...common, selector: "young", pem: pem() },
      notes: { created: time, published: time, replaces: ["old"] },
    });
    const dns = { resolveTxt: () => Promise.resolve([]) };
    const { begun, retired } = await observe(domain, { directory, dns, now: Date.now });
    deepEqual([begun, retired.map(({ selector }) => selector)], [[], ["old"]]);
    deepEqual(
      keysIn(directory, domain).filter(({ notes }) => notes?.retired).map((key) => key.selector),
      ["old"],
    );
    // One that was made later, with the selector of a key that was removed, is none that was replaced.
    const later = "2026-11-02T00:00:00.000Z";
    keep(directory, {
      ...{ ...common, selector: "old", pem: pem() },
      notes: { created: later, published: later },
    });
    deepEqual((await observe(domain, { directory, dns, now: Date.now })).retired, []);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
