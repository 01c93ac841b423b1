import assert from "node:assert/strict";
import { canonicalName, isSameName } from "../../src/dns/name.ts";

Deno.test("names are the same whatever their case and with a final dot", () => {
  assert.equal(canonicalName("MX.Example.NET."), "mx.example.net");
  assert.ok(isSameName("mx.example.net", "MX.example.net."));
  assert.ok(!isSameName("mx.example.net", "mx.example.net.."));
  assert.ok(isSameName("Bücher.Example.", "XN--BCHER-KVA.example"));
  assert.equal(canonicalName("no\uff0ename"), "no\uff0ename");
  assert.ok(!isSameName("\u212aelvin.example", "kelvin.example"), "ASCII letters only");
});
