import assert from "node:assert/strict";
import { join } from "node:path";
import { build, ConfigError } from "../../src/config/mod.ts";
import { handlerNames } from "../../src/handler/handler.ts";
import { asking, status } from "../handlers/ask.ts";
import { parseConfig } from "./with_postmaster.ts";

/** Modules in a directory of their own. */
function modules(files: Record<string, string>): string {
  const dir = Deno.makeTempDirSync();
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(join(dir, name), text);
  return dir;
}

const buildIn = (dir: string, text: string) => build(parseConfig(text, join(dir, "p.yaml")));

Deno.test("build() loads handlers from modules, with options and without", async () => {
  const dir = modules({
    "plain.ts": `import { on, say } from "postmaster";
      export default on("SayOK", () => say(2, 5, 0, "plain"));`,
    "factory.ts": `import { type Handler, on, say } from "postmaster";
      export default ({ word }: { word: string }): Handler =>
        on("SeeksHelp", () => say(2, 1, 4, word));`,
  });
  const { policy } = await buildIn(dir, "handlers: [./plain.ts, {factory.ts: {word: hello}}]");
  assert.deepEqual(handlerNames(policy).slice(1, 3), ["./plain.ts", "factory.ts"]);
  const { ask } = asking(policy);
  assert.deepEqual((await ask({ type: "SayOK", argument: "" })).lines, ["plain"]);
  assert.deepEqual((await ask({ type: "SeeksHelp", topic: "" })).lines, ["hello"]);
});

Deno.test("build() reads the options of a handler that a module defines", async () => {
  const dir = modules({
    "few.ts": `import { on, say } from "postmaster";
      import { defineHandler, kinds, z } from "postmaster/making";
      export default defineHandler({
        name: "few",
        summary: "Answers HELP.",
        options: kinds.options({ theWord: z.string().default("hello"), list: kinds.file(() => {}).optional() }),
        create: ({ theWord, list }) => on("SeeksHelp", () => say(2, 1, 4, list ?? theWord)),
        example: "few: { the-word: hi }",
      });`,
    "list.txt": "",
  });
  const said = async (item: string) => {
    const { policy } = await buildIn(dir, `handlers: [${item}]`);
    assert.equal(handlerNames(policy)[1], "./few.ts");
    return (await asking(policy).ask({ type: "SeeksHelp", topic: "" })).lines[0];
  };
  assert.equal(await said("./few.ts: {}"), "hello");
  assert.equal(await said("./few.ts: {the-word: hi}"), "hi");
  assert.equal(await said("./few.ts: {list: list.txt}"), join(dir, "list.txt"));
  await assert.rejects(
    said("./few.ts: {theWord: 5, list: no.txt}"),
    /`.\/few.ts`: `list`: there is no file .*no.txt.*; .*unknown key `theWord`: did you mean `the-word`/,
  );
  await assert.rejects(said("./few.ts"), /must be a mapping|this is missing/);
});

Deno.test("a module's handler has the last word", async () => {
  const dir = modules({
    "policy.ts": `import { on, discard } from "postmaster";
      export default on("AddRcptTo", (event, next) =>
        event.mailbox.local === "list" ? discard() : next());`,
  });
  const { rcpt } = asking(
    (await buildIn(dir, "handlers: [./policy.ts]\ndomains: [a.example]")).policy,
  );
  assert.equal((await rcpt("list@a.example")).code, 250);
  assert.equal(status(await rcpt("joe@a.example")), "550 5.1.1");
});

Deno.test("build() says what is wrong with every module, and where", async () => {
  const dir = modules({
    "syntax.ts": "\nexport default 3 +;\n",
    "throws.ts": '\n\nthrow new Error("boom");\n',
    "import.ts": 'import "./nowhere.ts";\n',
    "nothing.ts": "export const policy = 1;\n",
    "number.ts": "export default 5;\n",
    "class.ts": "export default class Policy {}\n",
    "value.ts": "throw { code: 5 };\n",
    "event.js": 'import { on } from "postmaster";\nexport default on("Greting", () => {});\n',
    "choosy.ts": 'export default () => {\n  throw new TypeError("no");\n};\n',
    "useless.ts": "export default () => 5;\n",
  });
  const text = `handlers:
  - ./syntax.ts
  - ./throws.ts
  - ./import.ts
  - ./nothing.ts
  - ./number.ts
  - ./class.ts
  - ./value.ts
  - ./event.js
  - ./choosy.ts: {}
  - ./useless.ts: {}
`;
  const expected: readonly RegExp[] = [
    /^`\.\/syntax\.ts`: cannot load this module: .*Expression expected \(.*\/syntax\.ts:2:\d+\)$/,
    /^`\.\/throws\.ts`: cannot load this module: boom \(.*\/throws\.ts:3:7\)$/,
    /^`\.\/import\.ts`: cannot load this module: there is no file \S*\/nowhere\.ts \(.*\/import\.ts:1:8\)$/,
    /^`\.\/nothing\.ts`: the module has no default export: write `export default` before its handler \(.*\/nothing\.ts:1:1\)$/,
    /^`\.\/number\.ts`: the module's default export is a number: it must be a handler \(.*\/number\.ts:1:8\)$/,
    /^`\.\/class\.ts`: the module's default export is a class: it must be a handler \(.*\/class\.ts:1:8\)$/,
    /^`\.\/value\.ts`: cannot load this module: it threw \{ code: 5 \}$/,
    /^`\.\/event\.js`: .*: there is no event `Greting`: did you mean `Greeting`\? \(.*\/event\.js:2:16\)$/,
    /^`\.\/choosy\.ts`: .* does not take these options: no \(.*\/choosy\.ts:2:9\)$/,
    /^`\.\/useless\.ts`: .* called with the options, gave a number: it must give a handler \(.*:1:8\)$/,
  ];
  await assert.rejects(() => buildIn(dir, text), (error: ConfigError) => {
    assert.equal(error.problems.length, expected.length);
    for (const [i, { line, column, message }] of error.problems.entries()) {
      assert.deepEqual([line, column], [i + 2, 5]);
      assert.match(message, expected[i]!);
    }
    return true;
  });
});

Deno.test("a module that makes a target for which there is nothing is named, and what is missing", async () => {
  const dir = modules({
    "policy.ts": `import { Mailbox, on, procmail, relay } from "postmaster";
      const copy = relay([Mailbox.parse("archive@example.org")]);
      export default on("AddRcptTo", () => [procmail("joe"), copy]);`,
    "factory.ts": `import { Mailbox, on, relay } from "postmaster";
      export default (to) => {
        const target = relay([Mailbox.parse(to)]);
        return on("AddRcptTo", () => target);
      };`,
  });
  const handlers = "handlers: [./policy.ts, ./factory.ts: ann@example.org]\n";
  await assert.rejects(buildIn(dir, handlers), (error: ConfigError) => {
    assert.deepEqual(
      error.problems.map(({ line, message }) => [line, message.slice(0, 67)]),
      ["policy", "factory"].map((name) => [
        1,
        `\`./${name}.ts\`: there is no target "relay": set \`relay\` in the configuration`
          .slice(0, 67),
      ]),
    );
    return true;
  });
  await buildIn(dir, `${handlers}relay: {command: [sendmail]}`);
});

Deno.test("a module that would end the program is named, and ends nothing", async () => {
  const dir = modules({
    "exits.ts": "const code = 0;\nDeno.exit(code);\n",
    "exits_too.ts": 'import process from "node:process";\n\nprocess.exit();\n',
  });
  await assert.rejects(buildIn(dir, "handlers: [./exits.ts, ./exits_too.ts]"), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /`\.\/exits\.ts`: .* must not end the server: .*exits\.ts:2:6\)/);
    assert.match(error.message, /`\.\/exits_too\.ts`: .* must not end .*exits_too\.ts:3:9\)/);
    return true;
  });
});
