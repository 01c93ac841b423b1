/**
 * The JSON Schema for editors, judged by a validator that is not ours.
 *
 * @module
 */
import { Ajv } from "ajv";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from "../../src/base/units.ts";
import { readingIn } from "../../src/base/reading.ts";
import { jsonSchema, settingsSchema } from "../../src/config/mod.ts";
import { postmaster } from "../running.ts";

const docs = fileURLToPath(new URL("../../docs/", import.meta.url));
const read = (path: string): string => Deno.readTextFileSync(`${docs}${path}`);
const filesIn = (folder: string, ending: string): string[] =>
  [...Deno.readDirSync(`${docs}${folder}`)].map(({ name }) => `${folder}${name}`)
    .filter((name) => name.endsWith(ending));

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictTuples: false });
ajv.addKeyword("patternErrorMessage"); // of editors
const validate = ajv.compile(JSON.parse(read("postmaster.schema.json")));

/** What is wrong, each with its place. */
function faults(value: unknown): string[] {
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath} ${message} ${JSON.stringify(params)}`
  );
}

const serverTakes = (value: unknown) =>
  readingIn("/", () => settingsSchema.safeParse(value).success);
const accepts = (value: unknown, what?: string) => assert.deepEqual(faults(value), [], what);
const refuses = (yaml: string, fault: RegExp) => {
  assert.equal(serverTakes(parse(yaml)), false, `the server takes ${yaml}`);
  assert.match(faults(parse(yaml)).join("\n"), fault, yaml);
};

Deno.test("postmaster schema prints the JSON Schema of the documentation", async () => {
  const { code, stdout, stderr } = await postmaster("schema");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout, read("postmaster.schema.json"));
  assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(jsonSchema())));
});

Deno.test("the JSON Schema takes all configurations in the documentation", () => {
  const examples = filesIn("examples/", ".yaml");
  assert.ok(examples.length >= 4);
  for (const file of examples) accepts(parse(read(file)), file);
  const blocks = filesIn("", ".md").flatMap((page) =>
    [...read(page).matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, yaml]) => yaml!)
  );
  assert.ok(blocks.length > 50);
  for (const yaml of blocks) accepts(parse(yaml), yaml);
});

Deno.test("the JSON Schema refuses misspelt keys, wherever they are", () => {
  refuses("hostnam: mx.example.net", /"additionalProperty":"hostnam"/);
  refuses("limits: {mesage-size: 25 MB}", /^\/limits .*"additionalProperty":"mesage-size"/);
  refuses("handlers: [{impatient: {bund: 3}}]", /"additionalProperty":"bund"/);
  refuses("handlers: [{impatiant: {bound: 3}}]", /"additionalProperty":"impatiant"/);
  refuses("handlers: [impatiant]", /^\/handlers\/0 must be equal to constant/m);
  refuses("handlers: [{when: {if: {weekdy: sat}, then: trace}}]", /"additionalProperty":"weekdy"/);
  refuses(
    "handlers: [{when: {if: {not: {tls: true}}, then: [{greylist: {dely: 1 s}}]}}]",
    /"additionalProperty":"dely"/,
  );
});

Deno.test("the JSON Schema refuses values of a wrong type or form", () => {
  refuses("domains: example.net", /^\/domains must be array/);
  refuses("limits: {recipients: many}", /^\/limits\/recipients must be integer/);
  refuses("limits: {recipients: 0}", /^\/limits\/recipients must be >= 1/);
  refuses("limits: {message-size: 25 megabytes}", /^\/limits\/message-size must match pattern/);
  refuses("limits: {message-size: 100}", /^\/limits\/message-size must be >= 1024/m);
  refuses("limits: {data-timeout: 5}", /^\/limits\/data-timeout must be string/);
  refuses("limits: {data-timeout: 5 minutes}", /^\/limits\/data-timeout must match pattern/);
  refuses("log: {level: loud}", /^\/log\/level must be equal to one of the allowed values/);
  refuses("relay: {mx: {port: 0}}", /^\/relay\/mx\/port must be >= 1/m);
  refuses("handlers: [alias]", /^\/handlers\/0 must be equal to constant/m);
  refuses("handlers: [{trace: {}, impatient: {}}]", /NOT have more than 1 properties/);
});

Deno.test("handlers without options may be written in each way that the server takes", () => {
  for (const yaml of ["[greylist]", "[greylist: ]", "[greylist: {}]", "[./policy.ts: 5]"]) {
    const config = parse(`handlers: ${yaml}`);
    accepts(config, yaml);
    assert.ok(serverTakes(config), yaml);
  }
});

Deno.test("the patterns of sizes and durations are what their parsers take", () => {
  const takes = (parse: (text: string) => number, text: string) => {
    try {
      return parse(text) >= 0;
    } catch {
      return false;
    }
  };
  const units = ["", "B", "kB", "KB", "mb", "GiB", "ms", "s", "MIN", "h", "d", "min", "week", "x"];
  for (const number of ["0", "5", "1.5", ".5", "5.", "-1", "1e3", ""]) {
    for (const text of units.flatMap((unit) => [`${number}${unit}`, `${number}  ${unit}`])) {
      if (/[a-z]$/i.test(text)) {
        assert.equal(SIZE_PATTERN.test(text), takes(parseSize, text), text);
        assert.equal(DURATION_PATTERN.test(text), takes(parseDuration, text), text);
      }
    }
  }
});
