/**
 * ESMTP parameters.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Parameters, parseParameters, printParameters } from "../../src/smtp/parameters.ts";
import { parameters } from "./arbitraries.ts";

const parse = (line: string) => parseParameters(line, 0);

function parsed(line: string): Parameters {
  const result = parse(line);
  assert.ok(!("fault" in result), line);
  return result;
}

Deno.test("parseParameters() takes keywords with and without values", () => {
  assert.deepEqual([...parsed(" SIZE=4096 body=8BITmime  X-1 AUTH=<>")], [
    ["SIZE", "4096"],
    ["BODY", "8BITmime"],
    ["X-1", null],
    ["AUTH", "<>"],
  ]);
  assert.equal(parsed("").size, 0);
});

for (
  const line of [
    "SIZE=1",
    " =1",
    " SIZE=",
    " SIZE=1=2",
    " -X",
    " SIZE=1 SIZE=1",
    " size SIZE",
    " SIZE=1\tBODY",
    " X=\0",
    " X=\x80",
    " X=\r",
    " X_1",
    " <a@b>",
  ]
) {
  Deno.test(`parseParameters() refuses ${JSON.stringify(line)}`, () => {
    const result = parse(line);
    assert.ok("fault" in result);
    assert.equal(result.fault.code, 501);
  });
}

Deno.test("printing parameters is undone by parsing them", () => {
  fc.assert(fc.property(parameters, (parameters) => {
    assert.deepEqual(parsed(printParameters(parameters)), parameters);
  }));
});
