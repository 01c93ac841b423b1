/**
 * The shape of the source: which way imports point, no cycles, small files that say what they are.
 *
 * @module
 */
import assert from "node:assert/strict";

/** The layers from the innermost out: a file may import from its own layer and from those before it. */
const LAYERS: readonly (readonly string[])[] = [
  ["src/base"],
  ["src/smtp"],
  ["src/message"],
  ["src/mime"],
  ["src/log"],
  ["src/dns", "src/net"],
  ["src/authenticity"],
  ["src/handler"],
  ["src/store", "src/tls", "src/auth"],
  ["src/signing"],
  ["src/client"],
  ["src/security"],
  ["src/targets"],
  ["src/relay"],
  ["src/dmarc"],
  ["src/explain"],
  ["src/acme"],
  ["src/queue"],
  ["src/server"],
  ["src/drop"],
  ["src/shadow"],
  ["src/testing"],
  ["src/mod.ts", "src/making.ts"],
  ["handlers"],
  ["src/modules"],
  ["src/config"],
  ["src/daemon"],
  ["src/cli"],
  ["main.ts"],
  ["src/tooling"],
];
const MAX_LINES = 350;

/** The public API, for those who write handlers. */
const PUBLIC_API = ["src/mod.ts", "src/making.ts"];
/** Who may import the public API; everyone else imports the file that has the thing. */
const USE_PUBLIC_API = ["handlers", "src/config"];
/** What handlers are imported from, and the files that give them names in a configuration, which need more. */
const DOORS = ["postmaster", "postmaster/making"];
const NAMING = ["handlers/nested.ts", "handlers/registry.ts"];

const root = new URL("../", import.meta.url);

/** One import between two files of the project, by their paths in it. */
interface Import {
  readonly from: string;
  readonly to: string;
  /** What stands between the quotes. */
  readonly specifier: string;
  /** `import type`, which is gone at run time. */
  readonly typeOnly: boolean;
}

/** All TypeScript files in directories. */
function filesIn(...directories: readonly string[]): string[] {
  const files: string[] = [];
  const walk = (path: string) => {
    for (const entry of Deno.readDirSync(new URL(path, root))) {
      if (entry.isDirectory) walk(`${path}${entry.name}/`);
      else if (entry.name.endsWith(".ts")) files.push(path + entry.name);
    }
  };
  for (const directory of directories) if (exists(directory)) walk(directory);
  return files;
}

/** All TypeScript files of the program. */
const sourceFiles = (): string[] => [
  ...filesIn("src/", "handlers/"),
  ...exists("main.ts") ? ["main.ts"] : [],
];

function exists(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, root)) !== undefined;
  } catch {
    return false;
  }
}

/** What `deno info --json` says of a module. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** The imports between the files, as Deno itself resolves them. */
async function readImports(files: readonly string[]): Promise<Import[]> {
  const all = files.map((file) => `import ${JSON.stringify(new URL(file, root).href)};`).join("\n");
  const config = new URL("deno.json", root).pathname;
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "info",
      "--json",
      `--config=${config}`,
      `data:text/typescript,${encodeURIComponent(all)}`,
    ],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  return modules.filter((module) => module.specifier.startsWith(root.href)).flatMap((module) =>
    (module.dependencies ?? []).flatMap(({ specifier, code, type }) => {
      const target = code?.specifier ?? type?.specifier;
      return target?.startsWith(root.href) && target.endsWith(".ts") // not deno.json
        ? [{ from: local(module.specifier), to: local(target), specifier, typeOnly: !code }]
        : [];
    })
  );
}

const local = (url: string): string => url.slice(root.href.length);

/** The layer and the place in it, `src/log` for `src/log/file.ts`. */
function layerOf(file: string): { readonly name: string; readonly rank: number } {
  for (const [rank, names] of LAYERS.entries()) {
    const name = names.find((name) => file === name || file.startsWith(`${name}/`));
    if (name !== undefined) return { name, rank };
  }
  return { name: file, rank: -1 };
}

/** What an import breaks, `undefined` if it is right. */
function faultIn({ from, to, specifier }: Import): string | undefined {
  const [inner, outer] = [layerOf(to), layerOf(from)];
  for (const { name, rank } of [inner, outer]) {
    if (rank < 0) return `${name} is in no layer`;
  }
  if (PUBLIC_API.includes(to) && !USE_PUBLIC_API.includes(outer.name)) {
    return `only ${USE_PUBLIC_API.join(" and ")} import the public API`;
  }
  if (outer.name === inner.name) return undefined;
  if (outer.name === "handlers" && !DOORS.includes(specifier) && !NAMING.includes(from)) {
    return 'handlers import nothing of the project but "postmaster", "postmaster/making" and each other';
  }
  if (inner.rank < outer.rank) return undefined;
  return inner.rank === outer.rank
    ? `${outer.name} and ${inner.name} stand side by side`
    : `${inner.name} is further out than ${outer.name}`;
}

const brokenRules = (imports: readonly Import[]): string[] =>
  imports.flatMap((each) => {
    const fault = faultIn(each);
    return fault === undefined ? [] : [`${each.from} imports ${each.to}: ${fault}`];
  });

/** The cycles that have more in them than types, each as the way round it. */
function cycles(imports: readonly Import[]): string[] {
  const reached = Map.groupBy(imports, (each) => each.from);
  return imports.filter((each) => !each.typeOnly).flatMap(({ from, to }) => {
    const way = wayBetween(to, from, reached);
    return way === undefined ? [] : [[from, ...way].join(" imports ")];
  });
}

/** The shortest way along imports, both ends included. */
function wayBetween(
  start: string,
  end: string,
  imports: ReadonlyMap<string, readonly Import[]>,
): readonly string[] | undefined {
  const ways = [[start]];
  const seen = new Set([start]);
  for (const way of ways) {
    const last = way.at(-1)!;
    if (last === end) return way;
    for (const { to } of imports.get(last) ?? []) {
      if (!seen.has(to)) ways.push([...way, to]);
      seen.add(to);
    }
  }
  return undefined;
}

const files = sourceFiles();
const none = (problems: readonly string[]) => assert.equal(problems.join("\n"), "");

Deno.test("imports point one way, and there are no cycles", async () => {
  const imports = await readImports(files);
  assert.ok(imports.length > files.length, "hardly any imports were found");
  none(brokenRules(imports));
  none(cycles(imports));
});

Deno.test("every source file says what it is and is small", async () => {
  const problems = await Promise.all(files.map(async (file) => {
    const source = await Deno.readTextFile(new URL(file, root));
    const lines = source.split("\n").length - 1;
    const docstring = /^(#!.*\n)?\/\*\*\n((?! \*\/)[^])*@module\n \*\/\n/.test(source);
    return [
      ...(docstring ? [] : [`${file} does not begin with a docstring for the @module`]),
      ...(lines > MAX_LINES ? [`${file} has ${lines} lines, more than ${MAX_LINES}`] : []),
    ];
  }));
  none(problems.flat());
});

/** An import as the checks see it. */
const edge = (from: string, to: string, specifier = to, typeOnly = false): Import => ({
  from,
  to,
  specifier,
  typeOnly,
});

Deno.test("the check of the direction finds what it is for", () => {
  const good = [
    edge("src/log/a.ts", "src/log/b.ts"),
    edge("src/server/a.ts", "src/smtp/b.ts"),
    edge("handlers/a.ts", "src/mod.ts", "postmaster"),
    edge("handlers/a.ts", "src/making.ts", "postmaster/making"),
    edge("handlers/registry.ts", "src/handler/define.ts"),
    edge("handlers/a.ts", "handlers/b.ts"),
    edge("main.ts", "src/cli/a.ts"),
  ];
  none(brokenRules(good));
  const bad: readonly [Import, RegExp][] = [
    [
      edge("src/smtp/a.ts", "src/log/b.ts"),
      /^src\/smtp\/a\.ts imports .* further out than src\/smtp$/,
    ],
    [edge("src/smtp/a.ts", "src/log/b.ts", "", true), /further out/],
    [edge("src/net/a.ts", "src/dns/b.ts"), /side by side/],
    [edge("handlers/a.ts", "src/smtp/b.ts"), /nothing of the project but "postmaster"/],
    [edge("handlers/a.ts", "src/mod.ts"), /nothing of the project but "postmaster"/],
    [edge("src/cli/a.ts", "src/mod.ts", "postmaster"), /only .* import the public API/],
    [edge("src/new/a.ts", "src/smtp/b.ts"), /src\/new\/a\.ts is in no layer/],
  ];
  for (const [each, message] of bad) assert.match(brokenRules([each]).join("\n"), message);
});

Deno.test("the check for cycles finds what it is for", () => {
  const [ab, bc, ca] = [edge("a", "b"), edge("b", "c"), edge("c", "a", "", true)];
  none(cycles([ab, bc]));
  none(cycles([edge("a", "b", "", true), edge("b", "a", "", true)]));
  assert.deepEqual(cycles([ab, bc, ca])[0], "a imports b imports c imports a");
});

Deno.test("no test changes the process that it shares with tests of other files", () => {
  const shared = /Deno\.(env\.(set|delete)|umask|chdir|memoryUsage\(\)\.rss)\b/;
  const changing = filesIn("tests/").filter((file) =>
    shared.test(Deno.readTextFileSync(new URL(file, root)))
  );
  const apart = ["tests/resident_program.ts"]; // which is a process of its own
  assert.deepEqual(changing, apart, "have runApart() or octetsHeld() do it");
});

Deno.test("no test's need takes the place of another need", () => {
  const twice = /(?:\.\.\.need\w*\([^)]*\),\s*){2}/;
  const overriding = filesIn("tests/").filter((file) =>
    twice.test(Deno.readTextFileSync(new URL(file, root)))
  );
  assert.deepEqual(overriding, [], "write `ignore: need(…).ignore || needRoot().ignore`");
});
