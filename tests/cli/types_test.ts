import assert from "node:assert/strict";
import { Directory, postmaster, run } from "../running.ts";

const GOOD = `
import { discard, type Handler, on } from "postmaster";
import { impatient } from "postmaster/handlers";
export const first: Handler = impatient({ bound: 3 });
export default on("AddRcptTo", ({ mailbox }, next) => mailbox.local ? next() : discard());
`;

Deno.test("check finds errors in the types of modules, and says where", async () => {
  using directory = new Directory();
  const good = directory.write("good.ts", GOOD);
  const { code, stdout, stderr } = await postmaster(
    "check",
    "--handlers-as-root",
    "--handlers",
    good,
  );
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /\ntypes: checked\n$/);

  const lines = [
    'import { on, procmail } from "postmaster";',
    "const user: number = 'joe';",
    'export default on("AddRcptTo", ({ mailbox }, next) => mailbox.lokal ? procmail(user) : next());',
  ];
  const bad = directory.write("bad.ts", lines.join("\n"));
  const checked = await postmaster(
    "check",
    "--handlers-as-root",
    "--handlers",
    good,
    "--handlers",
    bad,
  );
  assert.deepEqual([checked.code, checked.stdout], [1, ""]);
  const [first, second, third] = checked.stderr.split(/\n(?=\/)/);
  assert.equal(
    first,
    `${bad}:2:7: Type 'string' is not assignable to type 'number'.\n` +
      `  2 | ${lines[1]}\n    |       ^`,
  );
  assert.match(second ?? "", /bad\.ts:3:63: Property 'lokal' does not exist .*mean 'local'/);
  assert.match(third ?? "", /bad\.ts:3:80: Argument of type 'number' is not assignable/);
});

Deno.test("check says that accepting a recipient is naming where its mail goes", async () => {
  using directory = new Directory();
  const file = directory.write(
    "policy.ts",
    `import { on, say } from "postmaster";
export default on("AddRcptTo", (_event, next) => Math.random() < 2 ? say(2, 5, 0, "ok") : next());
`,
  );
  const { code, stderr } = await postmaster("check", "--handlers-as-root", "--handlers", file);
  assert.equal(code, 1);
  assert.match(stderr, /policy\.ts:2:50: Type 'PositiveReply .* is not assignable to type /);
  assert.match(
    stderr,
    /to accept a recipient, answer where its mail goes: a target, such as procm/,
  );
});

Deno.test("what check finds is not looked for by run, and not in JavaScript", async () => {
  using directory = new Directory();
  const file = directory.write("policy.js", "const a = 'b'; a.c; export default () => {};");
  const { code, stdout } = await postmaster("check", "--handlers-as-root", "--handlers", file);
  assert.equal(code, 0);
  assert.doesNotMatch(stdout, /types/);
});

Deno.test("types writes what an editor needs, and leaves a deno.json alone", async () => {
  using directory = new Directory();
  directory.write("postmaster", "the executable, where the README has put it");
  const { code, stderr } = await postmaster("types", "--output", directory.path);
  assert.deepEqual([code, stderr], [0, ""]);
  const config = directory.read("deno.json");
  const repeated = await postmaster("types", "--output", directory.path);
  assert.doesNotMatch(repeated.stdout, /should have/, "it has all that it should");
  assert.match(directory.read("postmaster-api/src/mod.ts"), /^\/\/ @ts-nocheck/, "check is quick");
  const policy = directory.write("policy.ts", GOOD.replace("next()", "next(3)"));
  const check = await run(Deno.execPath(), [
    "check",
    "--config",
    directory.of("deno.json"),
    policy,
  ]);
  assert.equal(check.code, 1);
  assert.match(check.stderr, /Argument of type '3?(number)?'/);

  directory.write("deno.json", { imports: {} });
  const again = await postmaster("types", "--output", directory.path);
  assert.equal(again.code, 0);
  assert.match(
    again.stdout,
    /deno\.json is there already; .*"postmaster":"\.\/postmaster-api\/src\/mod\.ts"/,
  );
  assert.match(config, /"postmaster": "\.\/postmaster-api\/src\/mod\.ts"/);
  assert.deepEqual(JSON.parse(directory.read("deno.json")), { imports: {} });
});

Deno.test("licences prints the terms", async () => {
  const { code, stdout } = await postmaster("licences");
  assert.equal(code, 0);
  assert.match(stdout, /^MIT License\n/);
});
