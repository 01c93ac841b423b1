import assert from "node:assert/strict";
import { need } from "../need.ts";
import { complaint, Directory, type Ended, feed, postmaster, PROGRAM, until } from "../running.ts";

/** `postmaster user …` with the file `passwords` of that directory, and this standard input. */
const user = (directory: Directory, input: string, ...args: readonly string[]): Promise<Ended> =>
  feed(input, "user", ...args, "--file", directory.of("passwords"));

/** The same; it must succeed. Returns what it prints. */
async function done(...what: Parameters<typeof user>): Promise<string> {
  const { code, stdout, stderr } = await user(...what);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  return stdout;
}

/** The same; it must fail. Returns what it says. */
async function refusal(...what: Parameters<typeof user>): Promise<string> {
  const { code, stdout, stderr } = await user(...what);
  assert.equal(stdout, "");
  assert.ok(code === 1 || code === 2, stderr);
  return complaint(stderr);
}

Deno.test("user add makes a file of its owner's alone, and keeps what else is in it", async () => {
  using directory = new Directory();
  await done(directory, "correct horse\n", "add", "joe");
  assert.equal(Deno.statSync(directory.of("passwords")).mode! & 0o777, 0o600);
  const before = `# the sales people\n${directory.read("passwords")}\n`;
  directory.write("passwords", before);
  Deno.chmodSync(directory.of("passwords"), 0o640);
  await done(directory, "battery staple", "add", "jane@example.net");
  const after = directory.read("passwords");
  assert.ok(after.startsWith(before), after);
  assert.match(after, /\njane@example\.net: \$argon2id\$\S+ SCRAM-SHA-256\$4096:\S+\n$/);
  assert.equal(Deno.statSync(directory.of("passwords")).mode! & 0o777, 0o640);
  assert.deepEqual(directory.list(), ["passwords"]);
  assert.equal(
    await done(directory, "", "list"),
    "NAME              MECHANISMS\n" +
      "joe               PLAIN LOGIN SCRAM-SHA-256\n" +
      "jane@example.net  PLAIN LOGIN SCRAM-SHA-256\n",
  );
  await done(directory, "", "remove", "joe");
  assert.equal(
    directory.read("passwords"),
    after.replace(/^joe:.*\n/m, ""),
  );
});

Deno.test("user add --generate prints a password once", async () => {
  using directory = new Directory();
  const password = await done(directory, "", "add", "joe", "--generate");
  assert.match(password, /^(?:[a-z2-9]{5}-){3}[a-z2-9]{5}\n$/);
  assert.notEqual(await done(directory, "", "passwd", "joe", "--generate"), password);
});

Deno.test("user refuses to add whom it has, and to change whom it does not have", async () => {
  using directory = new Directory();
  const path = directory.of("passwords");
  await done(directory, "correct horse", "add", "joe");
  const before = directory.read("passwords");
  const cases: readonly (readonly [RegExp, ...string[]])[] = [
    [/^postmaster: `joe` is in \S+passwords already: `postmaster user passwd joe`/, "add", "joe"],
    [/^postmaster: there is no user `jo` in \S+: did you mean `joe`\?\n$/, "passwd", "jo"],
    [/^postmaster: there is no user `jane` in \S+: `postmaster user list` shows/, "remove", "jane"],
  ];
  for (const [wanted, ...args] of cases) {
    assert.match(await refusal(directory, "another one", ...args), wanted);
  }
  assert.equal(directory.read("passwords"), before);
  directory.write("passwords", `${before}jane: secret\n`);
  const wrong = `${path}:2: a secret of \`jane\` is of no use: it is neither`;
  assert.ok((await refusal(directory, "", "list")).startsWith(wrong));
  assert.ok((await refusal(directory, "another one", "passwd", "joe")).startsWith(wrong));
  await done(directory, "another one", "passwd", "jane");
});

Deno.test("user says what is wrong with a name, a password and the standard input", async () => {
  using directory = new Directory();
  const said = await Promise.all([
    refusal(directory, "correct horse", "add", "joe:x"),
    refusal(directory, "short\n", "add", "joe"),
    refusal(directory, "line one\nline two\n", "add", "joe"),
  ]);
  for (const [i, wanted] of [/has no colon/, /only 5 characters/, /several lines/].entries()) {
    assert.match(said[i]!, wanted);
  }
  assert.deepEqual(directory.list(), []);
});

Deno.test("of several commands at the same time, none loses what another one writes", async () => {
  using directory = new Directory();
  const names = ["ann", "bob", "cid", "dora"];
  await Promise.all(names.map((name) => done(directory, "correct horse", "add", name)));
  const users = directory.read("passwords").matchAll(/^\w+(?=:)/gm);
  assert.deepEqual([...users].map(String).toSorted(), names);
});

/** A command at a terminal of its own. */
class Terminal implements AsyncDisposable {
  /** What the terminal shows. */
  shown = "";
  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #read: Promise<void>;

  constructor(...command: readonly string[]) {
    const quoted = command.map((one) => `'${one}'`).join(" ");
    this.#child = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", quoted, "/dev/null"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#keys = this.#child.stdin.getWriter();
    this.#read = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({ write: (text) => void (this.shown += text) }),
    );
  }

  /** Types when the terminal shows this. */
  async type(after: string, keys: string): Promise<void> {
    await until(() => `${after} in ${this.shown}`, () => this.shown.includes(after));
    await this.#keys.write(new TextEncoder().encode(keys));
  }

  /** The exit code. */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#read;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keys.close().catch(() => {});
    await this.#child.status;
  }
}

const add = (directory: Directory): Terminal =>
  new Terminal(...PROGRAM, "user", "add", "joe", "--file", directory.of("passwords"));

Deno.test({
  name: "at a terminal, user asks for a password twice and does not show it",
  ...need("script"),
  async fn() {
    using directory = new Directory();
    await using terminal = add(directory);
    // Ctrl-U forgets what was typed so far, Backspace the last character.
    await terminal.type("New password of joe: ", "oops\x15correct höö\x7fx\x7frse\r");
    await terminal.type("Again: ", "correct hörse\r");
    assert.equal(await terminal.ended(), 0);
    assert.ok(terminal.shown.endsWith("New password of joe: \r\nAgain: \r\n"), terminal.shown);
    assert.doesNotMatch(terminal.shown, /oops|horse|hörse/);
    assert.match(directory.read("passwords"), /^joe: /);
  },
});

Deno.test({
  name: "at a terminal, two passwords that differ change nothing, nor does Ctrl-C",
  ...need("script"),
  async fn() {
    using directory = new Directory();
    for (const [again, said] of [["other horse\r", "are not the same"], ["\x03", "no password"]]) {
      await using terminal = add(directory);
      await terminal.type("New password of joe: ", "correct horse\r");
      await terminal.type("Again: ", again!);
      assert.equal(await terminal.ended(), 1);
      assert.ok(terminal.shown.includes(said!), terminal.shown);
    }
    assert.deepEqual(directory.list(), []);
  },
});

Deno.test("user wants the password in no argument", async () => {
  using directory = new Directory();
  assert.match(await refusal(directory, "", "add", "joe", "correct horse"), /too many arguments/);
  assert.match((await postmaster("user", "add", "joe")).stderr, /--file/);
});
