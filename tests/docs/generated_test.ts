/**
 * Whether the generated pages are what would be generated now, wherever that is, and say all that they should.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readyMade } from "postmaster/handlers";
import { commandsIn } from "../../src/build/commands_page.ts";
import { examplesOf, type Key, keysIn } from "../../src/build/form.ts";
import { checkNotes, readParts } from "../../src/build/page.ts";
import { program } from "../../src/cli/program.ts";
import { type JsonSchema, jsonSchema, parseConfig } from "../../src/config/mod.ts";
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
      ...["run", "--allow-all", `--config=${root}deno.json`, `${root}src/build/generate.ts`],
      directory.path,
    ],
    cwd: "/",
    env: ELSEWHERE,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const names = directory.list();
  assert.deepEqual(names.toSorted(), [
    "commands.md",
    "configuration.md",
    "postmaster.schema.json",
  ]);
  const stale = names.filter((name) =>
    Deno.readTextFileSync(directory.of(name)) !== Deno.readTextFileSync(`${root}docs/${name}`)
  );
  assert.deepEqual(stale, [], `stale in docs/: ${stale.join(", ")}; run \`deno task generate\``);
});

const schema = jsonSchema();
const settings = Object.entries(schema.properties ?? {}) as [string, JsonSchema][];
/** Every key of the configuration, with those of the options of handlers. */
const everyKey: readonly Key[] = [
  ...keysIn(schema),
  ...Object.entries(schema.definitions ?? {}).flatMap(([name, part]) => keysIn(part, `${name}.`)),
];

Deno.test("every key of the configuration says what it means", () => {
  const options = [...readyMade.keys()].filter((name) =>
    everyKey.some((key) => key.name === `handler.${name}`)
  );
  assert.equal(options.length, readyMade.size, "not all handlers were looked at");
  const silent = everyKey.filter((key) => !isDescribed(key)).map(({ name }) => name);
  assert.deepEqual(silent, [], "these have no description: .describe() them in their schema");
});

/** A key may have the description of a part that several use. */
function isDescribed({ schema: { description, allOf } }: Key): boolean {
  return Boolean(description) || allOf?.[0]?.$ref !== undefined;
}

Deno.test("every ready-made handler has a summary", () => {
  const silent = [...readyMade].filter(([, { summary }]) => summary === "").map(([name]) => name);
  assert.deepEqual(silent, [], "write theirs in handlers/summaries.ts");
});

Deno.test("every key of the configuration has an example or a default", () => {
  const lacking = settings.flatMap(([name, node]) =>
    [{ name, schema: node }, ...keysIn(node, `${name}.`)]
      .filter((key) => examplesOf(key.schema).length === 0 && key.schema.default === undefined)
      .map((key) => key.name)
  ).filter((name) => !settings.some(([, node]) => shows(node, name)));
  assert.deepEqual(lacking, [], "add .meta({ examples: [...] }) to their schema");
});

/** True if an example of the setting around a key has it. */
function shows(setting: JsonSchema, name: string): boolean {
  const [, ...path] = name.split(".");
  const written = JSON.stringify([examplesOf(setting), setting.anyOf, setting.title]);
  return path.length > 0 && path.every((key) => written.includes(key));
}

for (const [name, node] of settings) {
  Deno.test(`each example and default of ${name} is part of a good configuration`, () => {
    using directory = new Directory();
    directory.write("users.txt", "joe\njane\n");
    directory.write("aliases.txt", "sales: joe, jane\n");
    directory.write("policy.ts", "export default () => {};");
    directory.write("opening_hours.ts", "export default () => {};");
    const values = [...examplesOf(node), ...node.default === undefined ? [] : [node.default]];
    for (const value of values) {
      const config = { ...AROUND, [name]: value };
      assert.ok(parseConfig(JSON.stringify(config), directory.of("postmaster.yaml")));
    }
    for (const [key, { default: value }] of inner(node)) {
      if (value === undefined) continue;
      const config = { ...AROUND, [name]: { ...examplesOf(node)[0] as object, [key]: value } };
      assert.ok(parseConfig(JSON.stringify(config), directory.of("postmaster.yaml")));
    }
  });
}

const inner = (node: JsonSchema) =>
  Object.entries(node.properties ?? {}) as readonly [string, JsonSchema][];

/** What the examples need around them. */
const AROUND = {
  hostname: "mx.example.net",
  domains: ["example.net"],
  users: ["joe", "jane"],
  relay: { command: ["/usr/sbin/sendmail", "--", "{recipient}"] },
};

Deno.test("every command has an exit status and an example", () => {
  const { notes } = readParts("commands.md");
  for (const { name } of commandsIn(program(() => {}))) {
    const note = notes.get(name) ?? "";
    const where = `\`${name}\` in src/build/pages/commands.md`;
    assert.match(note, /^Exit status: /m, `no exit status of ${where}`);
    assert.match(note, /^```console\n\$ postmaster /m, `no example of ${where}`);
  }
});

Deno.test("a note about a command that is not there is a mistake", () => {
  const parts = readParts("commands.md");
  assert.throws(() => checkNotes(parts, ["run"]), /pages\/commands\.md has notes .* check, types/);
});
