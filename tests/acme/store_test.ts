/**
 * What is kept of ACME when the process that writes it is killed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AcmeStore } from "../../src/acme/store.ts";
import { isNeeded } from "../../src/acme/renewal.ts";
import { selfSigned } from "../../src/tls/self_signed.ts";
import { Directory, until } from "../running.ts";

const URL_OF = "https://a.example:14000/dir?x";
const ROOT = new URL("../../", import.meta.url).href;

/** Writes certificates, one after the other, until it is killed. */
const WRITER = `
import { AcmeStore } from "${ROOT}src/acme/store.ts";
const [state, ...pairs] = JSON.parse(Deno.args[0]);
const store = new AcmeStore(state, "${URL_OF}");
for (let i = 0;; i++) {
  const { certificate, key } = pairs[i % pairs.length];
  store.savePair(certificate, key);
  store.saveAttempts({ failures: i, next: i, error: "x".repeat(i % 5000) });
}`;

Deno.test("a certificate and its key belong together at any time, also when the writer is killed", async () => {
  using state = new Directory();
  const store = new AcmeStore(state.path, URL_OF);
  const pairs = [await selfSigned(["a.example"], 90), await selfSigned(["b.example"], 90)];
  const script = state.write("writer.ts", WRITER);
  const args = ["run", "--quiet", "-A", script, JSON.stringify([state.path, ...pairs])];
  for (let round = 0; round < 5; round++) {
    const child = new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).spawn();
    await until("it writes", () => store.readPair() !== undefined);
    const domains = new Set<string>();
    await until("both were there", () => {
      domains.add(store.readPair()!.domains[0]!);
      return domains.size === 2;
    });
    child.kill("SIGKILL");
    await child.status;
    assert.match(store.readPair()!.domains[0]!, /^[ab]\.example$/);
    assert.equal(typeof store.readAttempts(-1).failures, "number");
    assert.notEqual(store.readAttempts(-1).next, -1, "attempts.json makes sense");
  }
});

Deno.test("attempts that make no sense count as one that has failed", () => {
  using state = new Directory();
  const store = new AcmeStore(state.path, URL_OF);
  assert.deepEqual(store.readAttempts(7), { failures: 0, next: 0, error: "" });
  store.saveAttempts({ failures: 3, next: 1000, error: "why" });
  assert.deepEqual(store.readAttempts(7), { failures: 3, next: 1000, error: "why" });
  for (
    const text of ["", "{", "null", "[]", '{"failures":-1,"next":"2026-01-01"}', '{"failures":1}']
  ) {
    state.write("acme/a.example_14000_dir_x/attempts.json", text);
    assert.deepEqual([store.readAttempts(7).failures, store.readAttempts(7).next], [1, 7], text);
  }
});

Deno.test("isNeeded(): without a certificate, with one domain too few, and in the last third of its life", async () => {
  using state = new Directory();
  const store = new AcmeStore(state.path, URL_OF);
  const { certificate, key } = await selfSigned(["a.example", "*.b.example"], 90, 0);
  store.savePair(certificate, key);
  const pair = store.readPair()!;
  const day = 86_400_000;
  assert.ok(isNeeded(undefined, ["a.example"], 0));
  assert.ok(!isNeeded(pair, ["a.example", "x.b.example"], 59 * day));
  assert.ok(isNeeded(pair, ["a.example", "c.example"], 59 * day));
  assert.ok(isNeeded(pair, ["a.example"], 61 * day));
});
