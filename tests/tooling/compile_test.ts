import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import deno from "../../deno.json" with { type: "json" };
import { codes, Directory, postmaster, run, Running, sendMail } from "../running.ts";
import { build, compiled } from "./program.ts";

/** Whoever runs the tests may be root. */
const ANYBODY = "--handlers-as-root";
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A module that is more than one file, and uses packages, as its project calls them. */
const EXTRA = `
import { type Handler, on } from "postmaster";
import ip from "ip";
import { reason, Reason } from "@lib/reason.ts";
import settings from "../settings.json" with { type: "json" };

if (Deno.env.get("FAULT") === "load") throw new Error(reason(Reason.Load));
const handler: Handler = on("SayOK", (_event, next) => {
  if (Deno.env.get("FAULT") === "run") throw new Error(reason(Reason.Run));
  return next({ type: "SayOK", argument: String(ip.isValid(settings.address)) });
});
export default handler;
`;
const REASON = `export enum Reason { Load, Run }
export const reason = (which: Reason): string => Reason[which]!;
`;

const directory = new Directory();
for (const folder of ["policy", "policy/handlers", "policy/lib"]) {
  Deno.mkdirSync(directory.of(folder));
}
directory.write("policy/deno.json", { imports: { ip: "npm:ipaddr.js@2.5.0", "@lib/": "./lib/" } });
directory.write("policy/settings.json", { address: "127.0.0.1" });
directory.write("policy/lib/reason.ts", REASON);
const extra = directory.write("policy/handlers/extra.ts", EXTRA);
const example = Deno.readTextFileSync(`${ROOT}docs/examples/residents.ts`);
const readme = directory.write("policy/readme.ts", example);
const test = await compiled(directory, "--handlers", readme, extra);

test("the program says its version, its help and its licences", async (program) => {
  assert.deepEqual(await run(program, ["--version"]), {
    code: 0,
    stdout: `${deno.version}\n`,
    stderr: "",
  });
  assert.equal((await run(program, ["--help"])).stdout, (await postmaster("--help")).stdout);
  const { stdout } = await run(program, ["licences"]);
  for (const name of ["zod 4", "yaml 2", "ipaddr.js 2", "Deno, the runtime", "V8"]) {
    assert.ok(stdout.includes(`${"-".repeat(80)}\n${name}`), name);
  }
  assert.doesNotMatch(stdout, /^-+\n(fast-check|ajv|apg-js|@types)/m);
});

test("the program knows the schema of its configuration, and its own handlers in it", async (program) => {
  const { code, stdout } = await run(program, ["schema"]);
  const known = JSON.parse(stdout).properties.handlers.anyOf[0].items.anyOf.map(
    (form: { readonly const?: unknown }) => form.const,
  );
  assert.equal(code, 0);
  for (const name of ["readme", "extra", "greylist"]) assert.ok(known.includes(name), name);
});

test("the program speaks of nothing but itself", async (program) => {
  const bytes = await Deno.readFile(program);
  const text = new TextDecoder("latin1").decode(bytes);
  const traces = [`${ROOT}src`, directory.path, `${Deno.env.get("HOME")}/.`, "postmaster-compile-"];
  for (const trace of traces) assert.ok(!text.includes(trace), trace);
  assert.match((await run(program, ["--help"])).stdout, /^Usage: postmaster /);
  assert.doesNotMatch((await run(program, ["--help"])).stdout, /deno/i);
  assert.ok(bytes.length < 124e6, `${bytes.length} bytes`);
});

test("the program has the permissions that it needs and no others", async (program) => {
  const bytes = await Deno.readFile(program);
  const text = new TextDecoder("latin1").decode(bytes);
  const [, json = ""] =
    /"permissions":(\{[^}]*\})/.exec(text.slice(text.lastIndexOf('{"argv":'))) ?? [];
  const baked = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const given = Object.entries(baked)
    .filter(([name, value]) =>
      name.startsWith("allow_") && Array.isArray(value) && name !== "allow_import"
    )
    .map(([name, value]) => [`--${name.replace("_", "-")}`, ...value as string[]].join("="));
  const flags = deno.tasks.start.split(" ").filter((flag) => flag.startsWith("--allow"));
  assert.deepEqual(given.toSorted(), flags.toSorted());
  assert.equal(baked["prompt"], false);
  assert.notDeepEqual(
    baked["allow_import"],
    [],
    "an empty list is everything, as --allow-all has it",
  );
  assert.match(text, /"v8_flags":\[[^\]]*"--max-semi-space-size=8"/);
  assert.match(text, /"features":\["net"\]/);
});

test("handlers that were compiled in are active without a configuration", async (program) => {
  const { stdout } = await run(program, ["check", ANYBODY]);
  assert.match(stdout, /\nhandlers: readme, extra\n/);
  await using server = await Running.start(() => undefined, {
    program: [program],
    args: ["--listen", "127.0.0.1:0", ANYBODY],
  });
  using client = await server.connect();
  const envelope = ["EHLO client.example.org", "MAIL FROM:<ann@example.org>"];
  assert.deepEqual(await codes(client, ...envelope), [250, 250]);
  for (const name of ["joe", "jane"]) {
    assert.deepEqual(await codes(client, `RCPT TO:<${name}@example.net>`), [250], name);
  }
  const { code, lines } = await client.command("RCPT TO:<bob@example.net>");
  assert.deepEqual([code, lines], [553, ["unknown recipient"]]);
  assert.deepEqual(await codes(client, "QUIT"), [221]);
  assert.equal(await server.stop(), 0);
});

test("a configuration and flags stand above what was compiled in", async (program) => {
  const config = directory.write("own.yaml", { handlers: ["trace", "extra"] });
  const handlers = async (...args: string[]) =>
    /^handlers: (.*)$/m.exec((await run(program, ["check", ANYBODY, ...args])).stdout)?.[1];
  assert.equal(await handlers("--config", config), "trace, extra");
  assert.equal(await handlers("--config", config, "--handlers", "readme"), "readme");
  const { stderr } = await run(program, ["check", "--handlers", "raedme"]);
  assert.match(stderr, /no handler `raedme`: did you mean `readme`\?/);
});

test("a message gets from the client to the mailer", async (program) => {
  await using server = await Running.start(() => ({ handlers: [] }), { program: [program] });
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
  assert.match(
    server.directory.read("mail"),
    /^Return-Path: <ann@example\.org>\r?\n[^]*\nhello\r?\n$/,
  );
});

test("what a handler that was compiled in does wrong is said with its place", async (program) => {
  const failing = (fault: string) => [`/usr/bin/env`, `FAULT=${fault}`, program];
  const { code, stderr } = await run("/usr/bin/env", [
    ...failing("load").slice(1),
    "check",
    ANYBODY,
  ]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^compiled in: `extra`: cannot load this module: Load \(handlers\/extra\.ts:7:45\)\n {2}7 \| if .*\n {4}\| +\^\n$/,
  );
  await using server = await Running.start(() => ({ handlers: ["extra"] }), {
    program: failing("run"),
  });
  using client = await server.connect();
  assert.deepEqual(await codes(client, "NOOP"), [451]);
  await server.logs(/handler broke .*handler=extra .*Error: Run\\n +at handlers\/extra\.ts:9:/);
});

test("a release has executables and their checksums", async () => {
  const output = directory.of("release");
  const target = Deno.build.target;
  const { code, stderr } = await build("release", "--output", output, "--target", target);
  assert.deepEqual([code, stderr], [0, ""]);
  const name = `postmaster-${deno.version}-${target}`;
  assert.deepEqual([...Deno.readDirSync(output)].map(({ name }) => name).toSorted(), [
    "SHA256SUMS",
    name,
  ]);
  const sums = await run("sh", ["-c", `cd "$0" && sha256sum -c SHA256SUMS`, output]);
  assert.deepEqual([sums.code, sums.stdout], [0, `${name}: OK\n`]);
});

Deno.test("nothing is compiled of what cannot run", async () => {
  const output = directory.of("never");
  const bad = directory.write(
    "bad.ts",
    'import { on } from "postmaster";\nexport default on(3);\n',
  );
  for (
    const [args, wanted] of [
      [["--handlers", bad], /TS\d+ \[ERROR\]: [^]*bad\.ts:2:/],
      [["--handlers", directory.of("gone.ts")], /^compile: there is no file .*gone\.ts\n$/],
      [["--target", "pdp11-dec-unix"], /--target.*is invalid.*x86_64-unknown-linux-gnu/],
    ] as const
  ) {
    const { code, stderr } = await build("compile", "--output", output, ...args);
    assert.equal(code, 1);
    assert.match(stderr, wanted);
    assert.deepEqual(directory.list().filter((name) => name === "never"), []);
  }
});

test("init writes a first configuration that the program takes", async (program) => {
  Deno.chmodSync(directory.path, 0o755); // for whoever the server becomes
  const place = directory.of("first");
  const { code, stderr } = await run(program, [
    "init",
    place,
    "--hostname",
    "mx.example.net",
  ]);
  assert.deepEqual([code, stderr], [0, ""]);
  const config = ["--config", `${place}/postmaster.yaml`];
  assert.equal((await run(program, ["check", ...config])).code, 0);
  const session = await Deno.readFile(`${place}/handlers_test.txt`);
  assert.equal((await run(program, ["simulate", ...config], session)).code, 0);
});
