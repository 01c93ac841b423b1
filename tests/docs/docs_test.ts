/**
 * Whether the documentation is true: its code runs, and what it says of keys, events and replies is so.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  chain,
  discard,
  type Event,
  type EventMap,
  type EventName,
  type LimitName,
  Mailbox,
  type Reply,
} from "postmaster";
import { ask, Client } from "postmaster/testing";
import { readingIn } from "../../src/base/reading.ts";
import { readyMade } from "../../handlers/registry.ts";
import { parse } from "yaml";
import { build, loadConfig, settingsSchema } from "../../src/config/mod.ts";
import { LEVEL_OF } from "../../src/log/levels.ts";
import { LIMIT_REPLIES } from "../../src/server/limits.ts";
import { Secret } from "../../src/base/secret.ts";
import { NO_PARAMETERS } from "../../src/smtp/parameters.ts";
import { printReply } from "../../src/smtp/reply.ts";
import { Directory } from "../running.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));

const PAGES = [
  "README.md",
  "CHANGELOG.md",
  ...[...Deno.readDirSync(new URL("docs/", root))]
    .filter(({ name }) => name.endsWith(".md"))
    .map(({ name }) => `docs/${name}`),
];

/** The blocks of TypeScript in a page or in docstrings, by the line that each begins below. */
const blocksIn = (text: string): [line: number, code: string][] =>
  [...text.matchAll(/^( *\* )?```ts\n([^]*?)^ *(?:\* )?```$/gm)].map((
    { index, 1: margin, 2: code = "" },
  ) => [
    text.slice(0, index).split("\n").length,
    margin === undefined ? code : code.replace(/^ *\* ?/gm, ""),
  ]);

/** TypeScript files in a directory. */
const sources = (directory: string): string[] =>
  [...Deno.readDirSync(new URL(directory, root))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return sources(`${directory}${name}/`);
    return name.endsWith(".ts") ? [directory + name] : [];
  });

/** Writes the blocks of files as modules, and a test that imports all of them, so that the API is loaded once. */
function writeTest(directory: Directory, name: string, files: readonly string[]): void {
  const modules = files.flatMap((file) =>
    blocksIn(read(file)).map(([line, code]) => {
      const at = (path: string) => JSON.stringify(new URL(path, new URL(file, root)));
      const text = code.replace(/ from "(\..*)"/g, (_, path) => ` from ${at(path)}`);
      return directory.write(`${file.replaceAll("/", " ")} ${line}.ts`, text);
    })
  );
  const imports = modules.map((path) => `import ${JSON.stringify(pathToFileURL(path))};\n`);
  const test = `Deno.test("${modules.length} blocks", () => {});\n`;
  directory.write(`${name.replaceAll("/", " ")}_test.ts`, imports.join("") + test);
}

Deno.test("the code in the documentation and in docstrings compiles and runs", async () => {
  using directory = new Directory();
  writeTest(directory, "docstrings", [...sources("src/"), ...sources("handlers/")]);
  // A name of a target is defined only once.
  const { alone = [], together = [] } = Object.groupBy(
    PAGES,
    (page) => /defineTarget\(|bounces\.ts/.test(read(page)) ? "alone" : "together",
  );
  for (const page of alone) writeTest(directory, page, [page]);
  writeTest(directory, "pages", together);
  const config = `--config=${fileURLToPath(root)}deno.json`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", config, "docs/", directory.path],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
  assert.match(said, /running \d+ tests? from .*pages_test\.ts/, "their code was not run");
  const blocks = [...said.matchAll(/^(\d+) blocks \.\.\. ok/gm)].map(([, count]) => Number(count));
  assert.ok(blocks.reduce((sum, count) => sum + count, 0) > 100, `${blocks} blocks were run`);
});

Deno.test("YAML in the documentation is a configuration", () => {
  for (const page of PAGES) {
    for (const [, yaml] of read(page).matchAll(/^```yaml\n([^]*?)^```/gm)) {
      const { error } = readingIn("/nowhere", () => settingsSchema.safeParse(parse(yaml!)));
      // Users, groups and files of the examples need not exist on this machine.
      const faults = error?.issues.filter((issue) =>
        !/has no (user|group)|there is no file/.test(JSON.stringify(issue))
      );
      assert.deepEqual(faults ?? [], [], `${page}:\n${yaml}`);
    }
  }
});

Deno.test("links in the documentation lead somewhere", () => {
  for (const page of PAGES) {
    for (const [, path, anchor] of read(page).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)) {
      const target = new URL(path!, new URL(page, root));
      const text = Deno.statSync(target).isFile ? Deno.readTextFileSync(target) : "";
      if (anchor !== "") assert.ok(anchors(text).includes(anchor!), `${page}: ${path}#${anchor}`);
    }
  }
});

Deno.test("no page has a section twice, and architecture.md no layer", () => {
  for (const page of PAGES) {
    const text = read(page).replace(/^```[^]*?^```/gm, "");
    assert.deepEqual(repeated(anchors(text)), [], page);
  }
  const [layout = ""] = read("docs/architecture.md").match(/^```text[^]*?^```/m) ?? [];
  const layers = layout.match(/^\w\S*(?= )/gm) ?? [];
  assert.ok(layers.length > 20);
  assert.deepEqual(repeated(layers), []);
});

const repeated = (names: readonly string[]): string[] =>
  names.filter((name, at) => names.indexOf(name) !== at);

Deno.test("the files that architecture.md names exist", () => {
  const names = read("docs/architecture.md").match(/\b[a-z_]+\/[a-z_/]+\.ts\b/g) ?? [];
  assert.ok(names.length > 30);
  const folders = ["src/", ""].map((folder) => new URL(folder, root));
  for (const name of names) {
    assert.ok(folders.some((folder) => existsSync(new URL(name, folder))), name);
  }
});

/** The anchors of a page's headings. */
const anchors = (page: string): string[] =>
  [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-")
  );

for (
  const [page, example] of [
    ["README.md", "readme.ts"],
    ["docs/recipes.md", "readme.ts"],
    ["docs/recipes.md", "recipients_per_hour.ts"],
    ["docs/recipes.md", "executables.ts"],
  ] as const
) {
  Deno.test(`${page} shows ${example} as it is`, () => {
    const withoutComments = (text: string) =>
      text.replace(/^\/\*\*[^]*?\*\/\n/, "").replace(/\n+/g, "\n").trim();
    const blocks = [...read(page).matchAll(/^```ts\n([^]*?)^```/gm)].map(([, text]) =>
      withoutComments(text!)
    );
    assert.ok(blocks.includes(withoutComments(read(`docs/examples/${example}`))));
  });
}

Deno.test("start.yaml takes mail for you and the postmaster, and for nobody else", async () => {
  const config = loadConfig(new URL("docs/examples/start.yaml", root).pathname);
  const { policy } = await build(config);
  using client = Client.of(policy, { hostname: config.hostname });
  await client.reply();
  const code = async (line: string) => (await client.command(line)).code;
  assert.equal(await code("EHLO client.example.org"), 250);
  assert.equal(await code("MAIL FROM:<me@example.org>"), 250);
  assert.equal(await code("RCPT TO:<nobody@example.net>"), 550);
  assert.equal(await code("RCPT TO:<you@example.org>"), 550);
  assert.equal(await code("RCPT TO:<postmaster>"), 250);
  assert.equal(await code("DATA"), 354);
  assert.equal(await code("Subject: hello\r\n\r\nHello.\r\n."), 250);
  const [kept] = client.kept;
  assert.deepEqual(kept?.recipients.map(String), ["you@example.net"]);
  assert.equal(kept?.target, "mailer");
});

Deno.test("residents.yaml is the policy of residents.ts", async () => {
  const { policy } = await build(
    loadConfig(new URL("docs/examples/residents.yaml", root).pathname),
  );
  const reply = await ask(policy, { type: "AddRcptTo", ...SAMPLES.AddRcptTo });
  assert.equal(reply.code, 250);
  assert.deepEqual(reply.routes?.[0]?.target.args["argv"], [
    ...["procmail", "-Y", "-f", "{sender}"],
    ...["-d", "joe"],
  ]);
});

Deno.test("configuration.md has the level of each line of the log", () => {
  const [, log = ""] = read("docs/configuration.md").split("### `log`");
  const rows = [...log.matchAll(/^\| (`.*?`) +\| (\w+) +\|/gm)];
  const documented = rows.flatMap(([, names, level]) =>
    [...names!.matchAll(/`(.*?)`/g)].map(([, name]) => [name, level])
  );
  assert.deepEqual(Object.fromEntries(documented), LEVEL_OF);
});

const mailbox = Mailbox.parse("joe@example.net");
const fault = { code: 501, enhanced: "5.5.4", reason: "MAIL wants FROM:<address>" } as const;

/** An event of each kind. */
const SAMPLES: { readonly [K in EventName]: EventMap[K] } = {
  Greeting: {},
  TalksEarly: {},
  SayHelo: { name: "client.example.org" },
  SayEhlo: { name: "client.example.org" },
  SetMailFrom: { mailbox, parameters: NO_PARAMETERS },
  AddRcptTo: { mailbox, parameters: NO_PARAMETERS },
  SetClient: { client: { address: "192.0.2.7" } },
  ForwardClient: { client: { address: "192.0.2.7" } },
  StartTls: {},
  Authenticate: { mechanism: "PLAIN", user: "joe", password: new Secret("wrong") },
  StartData: {},
  TakeChunk: { octets: 86 },
  Deliver: {
    body: new Blob(["Subject: hello\r\n\r\n"]).stream(),
    routes: [{ recipient: mailbox, target: discard() }],
    signal: new AbortController().signal,
  },
  BeforeDelivery: {
    ...{ route: { recipient: mailbox, target: discard() }, attempt: 1 },
    ...{ destination: "example.net", last: undefined },
  },
  AfterDelivery: {
    ...{ route: { recipient: mailbox, target: discard() }, attempt: 1, next: undefined },
    ...{ outcome: { result: "delivered", reason: "discarded" }, ending: "delivered" },
  },
  ResetState: {},
  SayOK: { argument: "" },
  SeeksHelp: { topic: "" },
  Verify: { argument: "joe" },
  Expand: { argument: "list" },
  StartQueue: { node: "example.org", mode: "node" },
  Shutdown: {},
  Unrecognized: { line: "XYZZY" },
  SyntaxErrorIn: { command: "MAIL", fault },
  NotImplemented: { command: "TURN" },
  NeedHeloFirst: { command: "MAIL" },
  NeedMailFromFirst: { command: "RCPT" },
  NeedRcptToFirst: { command: "DATA" },
  NestedMail: { command: "MAIL" },
  WithinChunks: { command: "MAIL" },
  NeedAuthFirst: { command: "MAIL" },
  AlreadyAuthenticated: { command: "AUTH" },
  OtherProtocol: { protocol: "HTTP", line: "GET / HTTP/1.1" },
  LimitExceeded: { limit: "recipients" },
  ServiceClosing: {},
};

/** Events whose reply depends on what they carry: another table or sentence has it. */
const DEPENDS: ReadonlySet<EventName> = new Set(["SyntaxErrorIn", "LimitExceeded"]);
/** Replies to these have no enhanced status code. */
const PLAIN: ReadonlySet<EventName> = new Set(["Greeting", "TalksEarly", "SayHelo", "SayEhlo"]);

/** The first line of a reply on the wire. */
const printed = (reply: Reply, type: EventName): string =>
  printReply({ ...reply, lines: reply.lines.slice(0, 1) }, !PLAIN.has(type)).trimEnd();

Deno.test("events.md has every event, what it carries and its default reply", async () => {
  const rows = read("docs/events.md").split("\n");
  for (const type of Object.keys(SAMPLES) as EventName[]) {
    const row = rows.find((line) => line.startsWith(`| \`${type}\` `));
    assert.ok(row !== undefined, `${type} is missing`);
    for (const field of Object.keys(SAMPLES[type])) {
      assert.ok(row.includes(`\`${field}\``), `${type} carries ${field}`);
    }
    if (DEPENDS.has(type)) continue;
    const event = { type, ...SAMPLES[type] } as Event;
    const reply = await ask(chain(), event, { mailFrom: "me@example.org" });
    const line = printed(reply, type).replace("TEST1", "ID");
    assert.ok(row.includes(`\`${line}\``), `${type}: ${line}`);
  }
});

Deno.test("events.md has every limit and its default reply", () => {
  const page = read("docs/events.md");
  for (const limit of Object.keys(LIMIT_REPLIES) as LimitName[]) {
    const line = printed(LIMIT_REPLIES[limit], "LimitExceeded");
    assert.match(page, new RegExp(`^\\| \`${limit}\` +\\| \`${line}\` +\\|$`, "m"));
  }
});

Deno.test("catalogue.md has every ready-made handler, with YAML and TypeScript", () => {
  const [index = "", ...sections] = read("docs/catalogue.md").split(/^##+ /m);
  for (const name of readyMade.keys()) {
    assert.ok(index.includes(`[\`${name}\`](#${name})`), `the table at the top lacks ${name}`);
    const section = sections.find((text) => text.startsWith(`\`${name}\`\n`)) ?? "";
    assert.match(section, new RegExp(`^\`\`\`yaml\nhandlers:[^]*${name}`, "m"), name);
    assert.match(section, /^```ts\n[^]*"postmaster\/handlers"/m, name);
  }
});
