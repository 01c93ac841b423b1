/**
 * Whether the generated pages are what would be generated now, wherever that is, and say all that they should.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readyMade } from "../../handlers/registry.ts";
import { GRAMMARS } from "../../src/smtp/parameter_values.ts";
import { abouts } from "../../src/tooling/extensions.ts";
import { commandsIn } from "../../src/tooling/commands.ts";
import { examplesOf, keysIn, meaningOf } from "../../src/tooling/keys.ts";
import { fill } from "../../src/tooling/page.ts";
import { program } from "../../src/cli/program.ts";
import { ConfigError, type JsonSchema, jsonSchema, parseConfig } from "../../src/config/mod.ts";
import { need } from "../need.ts";
import { selfSigned } from "../tls/openssl.ts";
import { Directory } from "../running.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Another terminal, another language, another home, another place. */
const ELSEWHERE = {
  COLUMNS: "40",
  LINES: "5",
  LANG: "de_DE.UTF-8",
  LC_ALL: "tr_TR.UTF-8",
  TZ: "Pacific/Apia",
  TERM: "dumb",
  XDG_STATE_HOME: "/nowhere",
};

Deno.test("the generated pages are up to date, wherever they are generated", async () => {
  using directory = new Directory();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", `--config=${root}deno.json`, `${root}src/tooling/generate.ts`],
      directory.path,
    ],
    cwd: "/",
    env: ELSEWHERE,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const names = directory.list();
  assert.deepEqual(names.toSorted(), [
    "catalogue.md",
    "commands.md",
    "configuration.md",
    "extensions.md",
    "postmaster.schema.json",
    "relay.md",
  ]);
  const stale = names.filter((name) =>
    Deno.readTextFileSync(directory.of(name)) !== Deno.readTextFileSync(`${root}docs/${name}`)
  );
  assert.deepEqual(stale, [], `stale in docs/: ${stale.join(", ")}; run \`deno task generate\``);
});

const schema = jsonSchema();
const settings = Object.entries(schema.properties ?? {}) as [string, JsonSchema][];

/** All keys of all mappings in a part of the schema, by their paths in it. */
function everyKey(part: unknown, path: string): [string, JsonSchema][] {
  if (typeof part !== "object" || part === null) return [];
  const { properties = {} } = part as { readonly properties?: Record<string, JsonSchema> };
  return [
    ...Object.entries(properties).map(([key, node]): [string, JsonSchema] => [
      `${path}/properties/${key}`,
      node,
    ]),
    ...Object.entries(part).flatMap(([key, inner]) => everyKey(inner, `${path}/${key}`)),
  ];
}

Deno.test("every key of the configuration and of handlers' options says what it means", () => {
  const keys = everyKey(schema, "#");
  for (const name of readyMade.keys()) {
    const path = `#/definitions/handler/anyOf/`;
    assert.ok(keys.some(([key]) => key.startsWith(path) && key.endsWith(`/${name}`)), name);
  }
  const silent = keys.filter(([, node]) => meaningOf(node, schema) === "").map(([path]) => path);
  assert.deepEqual(silent, [], "these have no description: .describe() them in their schema");
});

Deno.test("every key of the configuration has an example or a default", () => {
  const lacking = settings.flatMap(([name, node]) =>
    [{ name, schema: node }, ...keysIn(node, schema, `${name}.`)]
      .filter((key) => valuesOf(key.schema).length === 0)
      .map((key) => key.name)
  );
  assert.deepEqual(lacking, [], "add .meta({ examples: [...] }) to their schema");
});

for (const [name, node] of settings) {
  Deno.test(
    `each example and default of ${name} is part of a good configuration`,
    need("openssl"),
    () => {
      using directory = new Directory();
      directory.write("users.txt", "joe\njane\n");
      directory.write("aliases.txt", "sales: joe, jane\n");
      directory.write("policy.ts", "export default () => {};");
      directory.write("policy-next.ts", "export default () => {};");
      directory.write("opening_hours.ts", "export default () => {};");
      const pair = selfSigned(directory, [AROUND.hostname]);
      const clients = { "client-certificates": "request", "client-ca": pair.certificate };
      const around = { ...AROUND, tls: { ...pair, ...clients }, auth: {} };
      directory.write(
        "passwords",
        "joe: $2b$04$abcdefghijklmnopqrstuuPWRtT5yx7FBi4dcf6ROhboeNunUrLQ.\n",
      );
      const load = (value: unknown) => {
        const config = JSON.stringify({ ...around, [name]: value });
        try {
          assert.ok(parseConfig(config, directory.of("postmaster.yaml")));
        } catch (error) {
          // Users, groups and certificates of the examples need not exist on this machine.
          if (!(error instanceof ConfigError) || !UNKNOWN.test(error.message)) throw error;
        }
      };
      valuesOf(node).forEach(load);
      const [example] = examplesOf(node);
      for (const [key, inner] of Object.entries(node.properties ?? {})) {
        for (const value of valuesOf(inner as JsonSchema)) {
          load({ ...example as object, [key]: value });
        }
      }
    },
  );
}

const UNKNOWN =
  /this machine has no (user|group) `\w+`: [^\n]*$|: there is no file \/etc\/(postmaster|letsencrypt)\/|`tls\..*: there is no file/;

/** The examples and the default of a value. */
const valuesOf = (node: JsonSchema): readonly unknown[] => [
  ...examplesOf(node),
  ...node.default === undefined ? [] : [node.default],
];

/** What the examples need around them. */
const AROUND = {
  hostname: "mx.example.net",
  domains: ["example.net"],
  users: ["joe", "jane"],
  postmaster: "admin@example.com",
  relay: { mx: {} },
};

Deno.test("every command has an exit status and an example", () => {
  const sections = Deno.readTextFileSync(`${root}docs/commands.md`).split(/^## /m);
  for (const name of commandsIn(program(() => {})).keys()) {
    const section = sections.find((text) => text.startsWith(`\`${name}\`\n`)) ?? "";
    const where = `\`${name}\` in docs/commands.md`;
    assert.match(section, /^Exit status: /m, `no exit status of ${where}`);
    assert.match(section, /^```console\n\$ .*\bpostmaster /m, `no example of ${where}`);
  }
});

Deno.test("every extension has a test, and every parameter a row", () => {
  for (const { name, test } of abouts()) {
    assert.ok(existsSync(`${root}tests/${test}`), `${name}: there is no tests/${test}`);
  }
  const page = Deno.readTextFileSync(`${root}docs/extensions.md`);
  for (const name of Object.keys(GRAMMARS)) {
    assert.match(page, new RegExp(`^\\| .*\`${name}\`.* \\|`, "m"), `no row for ${name}`);
  }
});

Deno.test("a page has a place for each generated part, and for nothing else", () => {
  const page = "a\n<!-- generated: run -->\nold\n<!-- end of run -->\nb\n";
  const filled = "a\n<!-- generated: run -->\n\nnew\n\n<!-- end of run -->\nb\n";
  assert.equal(fill("x.md", page, new Map([["run", "new"]])), filled);
  assert.throws(
    () => fill("x.md", page, new Map([["check", "new"]])),
    /docs\/x\.md: there is nothing called run; it lacks <!-- generated: check --> and/,
  );
});
