import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { codes, complaint, Directory, postmaster, run, Running } from "../running.ts";
import { compiled } from "./program.ts";

const RESIDENTS = fileURLToPath(new URL("../../docs/examples/residents.ts", import.meta.url));

const directory = new Directory();
const test = await compiled(directory);

/** Writes a policy that is three files. */
function threeFiles(): string {
  Deno.mkdirSync(directory.of("lib"));
  const at = (name: string, text: string) => directory.write(`${name}`, text);
  at(
    "people.mts",
    `import { Mailbox } from "postmaster";
    export const people: ReadonlyMap<string, Mailbox> = new Map(
      ["joe"].map((name: string) => [name, Mailbox.parse(\`\${name}@example.net\`)] as const));`,
  );
  at(
    "lib/reply.ts",
    `import { named, on, say, chain, type Handler } from "postmaster";
    import { people } from "../people.mts";
    export const strangers: Handler = named("strangers", on("AddRcptTo", ({ mailbox }, next) =>
      [...people.values()].some((one) => one.equals(mailbox))
        ? next() : say(5, 5, 3, "not one of us", "5.1.1")));
    export const vain: Handler = named("vain", on("AddRcptTo", (event, next) => next(event)));`,
  );
  return at(
    "split.ts",
    `import { chain, procmail, Mailbox, on, type Target } from "postmaster";
    import { impatient } from "postmaster/handlers";
    import { strangers, vain } from "./lib/reply.ts";
    const target = (name: string): Target => procmail(name);
    export default chain(strangers, impatient({ bound: 3 }), vain,
      on("AddRcptTo", ({ mailbox }) => mailbox instanceof Mailbox ? target("joe") : []));`,
  );
}

test("modules in TypeScript are loaded from disk, and the API in them is the program's own", async (program) => {
  const config = { handlers: ["trace", threeFiles()], log: { level: "trace" } };
  await using server = await Running.start(() => config, { program: [program] });
  using client = await server.connect();
  const envelope = [
    "EHLO x.example",
    "MAIL FROM:<>",
    "RCPT TO:<joe@example.net>",
    "RCPT TO:<ann@example.net>",
  ];
  assert.deepEqual(await codes(client, ...envelope), [250, 250, 250, 553]);
  // Chains fall apart into their handlers only if the module has the `chain` of the program.
  await server.logs(/split\.ts > strangers +answered 553/);
  await server.logs(/split\.ts > vain +passed on/);
});

test("the example of the residents is the same from disk", async (program) => {
  await using server = await Running.start(() => ({ handlers: [RESIDENTS] }), {
    program: [program],
  });
  using client = await server.connect();
  const to = (name: string) => `RCPT TO:<${name}@example.net>`;
  assert.deepEqual(
    await codes(client, "HELO x", "MAIL FROM:<joe@example.net>", to("joe"), to("bob")),
    [
      250,
      250,
      250,
      553,
    ],
  );
});

test("what is wrong with a module is said as deno run says it", async (program) => {
  for (
    const [source, wanted] of [
      ["const a: = 1;", /Unexpected token `=`.*\(.*:1:10\)/],
      ["enum A { B }", /TypeScript enum needs more than its types taken away.*:1:1\)/],
      ["export const policy = 1;", /no default export.*:1:1\)/],
      ["\nexport default 5 as number;", /default export is a number.*:2:8\)/],
      [
        "\n\n  throw new Error('boom');",
        /load this module: boom \(.*:3:9\)\n {2}3 \|.*\n {4}\| {9}\^\n$/,
      ],
      ['import "./gone.ts";', /there is no file .*gone\.ts \(.*:1:8\)/],
      ['import { Handler } from "postmaster";', /exports no `Handler`; if it is a type.*:1:10\)/],
      ['import { on } from "postmaster/handlrs";', /there is no `postmaster\/handlrs`: .*:1:20\)/],
      ['import { a } from "./lib/reply.ts"; enum B {}', /enum.*\(.*:1:37\)/],
      ["export default (((", /\(.*:1:19\)/],
    ] as const
  ) {
    const args = ["--listen", "127.0.0.1:0", "--handlers", directory.write("faulty.ts", source)];
    const ended = await run(program, [...args, "--handlers-as-root"]);
    assert.deepEqual([ended.code, ended.stdout], [1, ""]);
    assert.match(ended.stderr, wanted);
    if (!source.includes("handlrs")) {
      const fromSources = await postmaster(...args, "--handlers-as-root");
      assert.equal(complaint(ended.stderr), complaint(fromSources.stderr));
    }
  }
});

test("JavaScript that cannot be read is said to be so, with its place", async (program) => {
  const file = directory.write(
    "faulty.js",
    'import { on } from "postmaster";\nexport default 3 +;\n',
  );
  const args = ["--listen", "127.0.0.1:0", "--handlers-as-root", "--handlers", file];
  const { code, stderr } = await run(program, args);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /Unexpected token ';' \(.*faulty\.js:2:19\)\n {2}2 \| export default 3 \+;\n/,
  );
});

test("packages come from the program or a node_modules beside the module", async (program) => {
  const modules = "node_modules/polite";
  Deno.mkdirSync(directory.of(modules), { recursive: true });
  directory.write(`${modules}/package.json`, {
    name: "polite",
    type: "module",
    exports: "./main.js",
  });
  directory.write(`${modules}/main.js`, "export default () => 'please';");
  const check = (source: string) =>
    run(program, [
      "check",
      "--handlers-as-root",
      "--handlers",
      directory.write("packages.js", source),
    ]);
  const end = "export default () => {};";
  for (const name of ["polite", "npm:polite@1", "zod", "node:fs"]) {
    const { code, stderr } = await check(`import * as it from "${name}"; ${end}`);
    assert.deepEqual([code, stderr], [0, ""], name);
  }
  for (const name of ["rude", "npm:rude@1", "jsr:@std/rude", "https://example.net/rude.js"]) {
    const { code, stderr } = await check(`import * as it from "${name}"; ${end}`);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /there is no `.*`: .*deno task compile --handlers.*packages\.js:1:21\)/,
      name,
    );
  }
});

test("Workers are in the program: a variable persists", async (program) => {
  const handler = directory.write(
    "counts.ts",
    `import { on, say, variable } from "postmaster";
     const noops = variable("global", "noops", (): number => 0, { persist: true });
     export default on("SayOK", async (_event, _next, session) =>
       say(2, 5, 0, String(await session.tick(noops))));`,
  );
  const settings = { handlers: [handler], "state-directory": directory.of("state") };
  for (const count of ["1", "2"]) {
    await using server = await Running.start(() => settings, { program: [program] });
    {
      using client = await server.connect();
      assert.deepEqual((await client.command("NOOP")).lines, [count]);
    }
    assert.equal(await server.stop(), 0);
  }
});

test("check has a deno on the PATH check types, and says so where there is none", async (program) => {
  const bin = directory.of("bin");
  Deno.mkdirSync(bin);
  const check = (file: string) =>
    run("/usr/bin/env", [
      `PATH=${bin}`,
      program,
      "check",
      "--handlers-as-root",
      "--handlers",
      file,
    ]);
  const bad = directory.write(
    "types.ts",
    `import { on, procmail } from "postmaster";
export default on("AddRcptTo", () => procmail(5));
`,
  );
  const unchecked = await check(bad);
  assert.equal(unchecked.code, 0);
  assert.match(unchecked.stdout, /\ntypes: not checked: there is no `deno` on the PATH\n$/);
  Deno.symlinkSync(Deno.execPath(), `${bin}/deno`);
  const checked = await check(bad);
  assert.equal(checked.code, 1);
  assert.match(checked.stderr, /types\.ts:2:47: Argument of type 'number' is not assignable/);
  assert.match((await check(RESIDENTS)).stdout, /\ntypes: checked\n$/);
});

test("types writes the API that the program has", async (program) => {
  const output = directory.of("editor");
  const { code, stderr } = await run(program, ["types", "--output", output]);
  assert.deepEqual([code, stderr], [0, ""]);
  Deno.copyFileSync(RESIDENTS, `${output}/policy.ts`);
  const args = ["check", "--quiet", "--config", `${output}/deno.json`, `${output}/policy.ts`];
  assert.deepEqual(await run(Deno.execPath(), args), { code: 0, stdout: "", stderr: "" });
});
