import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { faultOf } from "../../src/modules/explain.ts";
import { ModuleFault } from "../../src/modules/fault.ts";
import { ModuleLoader } from "../../src/modules/loader.ts";
import { Directory, runApart } from "../running.ts";

Deno.test("load() gives what a module in TypeScript exports, and postmaster in it is ours", async () => {
  using directory = new Directory();
  using loader = new ModuleLoader();
  const file = directory.write(
    "policy.ts",
    `import { Mailbox, type Handler } from "postmaster";
     import * as handlers from "postmaster/handlers";
     interface Entry { readonly mailbox: Mailbox }
     const entry = { mailbox: Mailbox.parse("joe@example.net") } satisfies Entry as Entry;
     export const mailbox: Mailbox = entry.mailbox!;
     export const names = Object.keys(handlers) as readonly string[];
     export default (<T>(value: T): T => value) as unknown as Handler;`,
  );
  const { mailbox, names } = await loader.load(file);
  assert.ok(mailbox instanceof Mailbox);
  assert.ok((names as string[]).includes("trace"));
});

Deno.test("load() loads a module once, whoever imports it, also in a circle", async () => {
  using directory = new Directory();
  using loader = new ModuleLoader();
  Deno.mkdirSync(directory.of("lib"));
  directory.write("lib/counter.mts", "export const counter: { n: number } = { n: 0 };");
  directory.write("lib/b.js", 'import { a } from "../a.ts"; export const b = () => a();');
  const count = 'import { counter } from "./lib/counter.mts"; counter.n++; export { counter };';
  const a = directory.write(
    "a.ts",
    `${count}
    import { b } from "./lib/b.js";
    export function a(): string { return "a"; }
    export const viaB: string = b();`,
  );
  const c = directory.write("c.ts", count);
  const first = await loader.load(a);
  assert.equal(first["viaB"], "a");
  assert.equal((await loader.load(c))["counter"], first["counter"]);
  assert.deepEqual(first["counter"], { n: 2 });
  assert.equal(await loader.load(a), first);
});

Deno.test("import.meta, JSON and import() are those of the module's own place", async () => {
  using directory = new Directory();
  using loader = new ModuleLoader();
  directory.write("it's.json", { users: ["joe"] });
  directory.write("later.ts", "export default 'later' as string;");
  const file = directory.write(
    "it's (#1).ts",
    `import data from "./it's.json" with { type: "json" };
     const later = await import("./later.ts");
     const gone = await import("./gone.ts").catch((error: Error) => error.message);
     export const all = [data.users[0], later.default, import.meta.url, import . meta.dirname,
       import.meta.filename, import.meta.resolve("./users.txt")];
     export { gone };`,
  );
  const { all, gone } = await loader.load(file);
  const url = pathToFileURL(file).href;
  const users = pathToFileURL(directory.of("users.txt")).href;
  assert.deepEqual(all, ["joe", "later", url, directory.path, file, users]);
  assert.match(String(gone), new RegExp(directory.of("gone.ts")));
  const thrown = await loader.load(directory.write("(bad).js", "\nthrow new Error('boom')")).catch(
    (error: unknown) => faultOf(error, "cannot"),
  );
  assert.equal((thrown as ModuleFault).message, `cannot: boom (${directory.of("(bad).js")}:2:7)`);
});

Deno.test("copies are private, and gone when the loader is", async () => {
  using directory = new Directory();
  const file = directory.write("secret.ts", 'export default "secret" as string;');
  const printed = await runApart(
    `export TMPDIR='${directory.path}'`,
    `import { ModuleLoader } from "./src/modules/loader.ts";
     const copies = () => [...Deno.readDirSync("${directory.path}")].map(({ name }) => name)
       .filter((name) => name.startsWith("postmaster-modules-"));
     const print = (value) => console.log(JSON.stringify(value));
     {
       using loader = new ModuleLoader();
       print(copies());
       print((await loader.load("${file}")).default);
       const [copy = ""] = copies();
       print(Deno.statSync("${directory.path}/" + copy).mode & 0o777);
     }
     print(copies());`,
  );
  assert.deepEqual(printed, `[]\n"secret"\n${0o700}\n[]\n`);
});

Deno.test("without a directory for temporary files, that is what is said", async () => {
  using directory = new Directory();
  const file = directory.write("policy.js", "export default 1;");
  const printed = await runApart(
    `export TMPDIR='${directory.of("gone")}'`,
    `import { ModuleLoader } from "./src/modules/loader.ts";
     using loader = new ModuleLoader();
     await loader.load("${file}").catch(({ problem }) => console.log(problem));`,
  );
  assert.match(printed, /cannot be made in \S*\/gone: .*set TMPDIR to another\n$/);
});

Deno.test("a module that failed fails again, with the same words", async () => {
  using directory = new Directory();
  using loader = new ModuleLoader();
  directory.write("good.ts", 'export default "good" as string;');
  directory.write("broken.ts", "export const a: = 1;");
  const files = ["a.ts", "b.ts"].map((name) =>
    directory.write(name, 'import "./good.ts"; import "./broken.ts";')
  );
  for (const file of files) {
    await assert.rejects(() => loader.load(file), (error: ModuleFault) => {
      assert.equal(error.place?.file, directory.of("broken.ts"));
      assert.equal(error.place?.column, 17);
      return true;
    });
  }
  const source = 'export const name: string = "other"; export { default } from "./good.ts";';
  const { name, default: good } = await loader.load(directory.write("other.ts", source));
  assert.deepEqual([name, good], ["other", "good"]);
});

Deno.test("load() says how to mend an import of what is not there", async () => {
  using directory = new Directory();
  directory.write("users.ts", "export {};");
  directory.write("users.json", "{ joe }");
  Deno.mkdirSync(directory.of("lib"));
  for (
    const [specifier, wanted] of [
      ["./users", /no file .*\/users: did you mean users\.ts\?$/],
      ["./users.js", /no file .*\/users\.js: did you mean users\.ts\?$/],
      ["./gone.ts", /no file .*\/gone\.ts$/],
      ["./lib", /lib is a directory: import a file in it$/],
      ["./users.json", /^JSON is imported `with \{ type: "json" \}`$/],
      ['./users.json" with { type: "json" } //', /^cannot read \S*\/users\.json: .*JSON/],
      ["left-pad", /no `left-pad`: a package is written npm:left-pad, a file \.\/left-pad$/],
    ] as const
  ) {
    const file = directory.write("module.ts", `const a: number = 1; import "${specifier}";`);
    using loader = new ModuleLoader();
    await assert.rejects(() => loader.load(file), (error: ModuleFault) => {
      assert.match(error.problem, wanted);
      assert.deepEqual([error.place?.line, error.place?.column], [1, 29]);
      assert.match(error.excerpt ?? "", /^ {2}1 \| const a: number.*\n {4}\| {29}\^$/);
      return true;
    });
  }
});
