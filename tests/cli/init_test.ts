import assert from "node:assert/strict";
import { tried } from "../../src/base/tried.ts";
import { need, needRoot } from "../need.ts";
import { Directory, type Ended, postmaster, PROGRAM, run, Running, until } from "../running.ts";

const HOSTNAME = ["--hostname", "mx.example.net"];
const FILES = ["handlers.ts", "handlers_test.txt", "postmaster.yaml"];

/**
 * Runs what follows as a user without an account, who may read the program where root has it. Deno wants packages
 * that belong to its user.
 */
async function stranger(directory: Directory): Promise<string[]> {
  const { npmCache } = JSON.parse((await run(Deno.execPath(), ["info", "--json"])).stdout);
  await run("cp", ["-r", npmCache, directory.of("npm")]);
  await run("chown", ["-R", "54321:54321", directory.path]);
  const capabilities = "+dac_override,+dac_read_search";
  return [
    ...["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"],
    ...[`--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`, "--"],
    ...["env", `DENO_DIR=${directory.path}`],
  ];
}

/** What happens at a shell, with our program called `postmaster`. */
function shell(command: string, as: readonly string[] = [], cwd = "/"): Promise<Ended> {
  const program = PROGRAM.map((word) => `'${word}'`).join(" ");
  const main = new URL("../../", import.meta.url).pathname;
  const script = `postmaster() { ${program.replace("'main.ts'", `'${main}main.ts'`)} "$@"; }
    cd "$0" && ${command}`;
  const [first = "sh", ...rest] = [...as, "sh", "-c", script, cwd];
  return run(first, rest);
}

const swaks = (port: number, recipient: string): Promise<Ended> =>
  run("swaks", [
    ...["--server", "127.0.0.1", "--port", String(port), "--helo", "client.example.org"],
    ...["--from", "ann@example.org", "--to", recipient, "--header", "Subject: first mail"],
  ]);

/** Starts a server with the configuration in a directory. */
function serve(directory: Directory, before = ""): Promise<Running> {
  const config = directory.of("postmaster.yaml");
  const state = JSON.stringify(directory.of("state")); // not the machine's
  Deno.writeTextFileSync(config, `state-directory: ${state}\n`, { append: true });
  return Running.start(() => undefined, { args: ["--config", config], before });
}

/** A directory into which the user can look whom a server becomes that root starts. */
function openDirectory(): Directory {
  const directory = new Directory();
  Deno.chmodSync(directory.path, 0o755);
  return directory;
}

Deno.test("what init writes is right at once, and says what it promises", async () => {
  using directory = openDirectory();
  const wrote = await postmaster("init", directory.path, ...HOSTNAME);
  assert.deepEqual([wrote.code, wrote.stderr], [0, ""]);
  assert.deepEqual(directory.list().sort(), FILES);
  const config = ["--config", directory.of("postmaster.yaml")];

  const checked = await postmaster("check", ...config);
  assert.deepEqual([checked.code, checked.stderr], [0, ""]);
  assert.match(checked.stdout, /^hostname: mx\.example\.net\n/);
  assert.match(checked.stdout, /\naccepts mail for: example\.net\n/);
  assert.match(checked.stdout, /\nhandlers: \.\/handlers\.ts\n/);
  // Not by a user who may not run the compiler.
  assert.match(checked.stdout, /\ntypes: (not )?checked/);
  assert.doesNotMatch(checked.stdout, /warning/);

  const routed = await postmaster("route", "no-reply@example.net", ...config);
  assert.equal(routed.code, 1);
  assert.match(routed.stdout, /: 550 5\.2\.1 nobody reads .* \(\.\/handlers\.ts > no-reply\)\n$/);
  assert.equal((await postmaster("route", "abuse@example.net", ...config)).code, 0);
});

Deno.test("the commands that init prints do what they say", async () => {
  using outer = openDirectory();
  const directory = outer.of("it's {new} here");
  const { stdout } = await postmaster("init", directory, ...HOSTNAME);
  const commands = /To go on:\n([^]*?)\n\n/.exec(stdout)?.[1]?.split("\n").map((line) =>
    line.trim()
  );
  const [check = "", simulate = "", serve = "", mail = ""] = commands ?? [];
  assert.equal((await shell(check)).code, 0);
  const played = await shell(simulate);
  assert.deepEqual([played.code, played.stderr], [0, ""]);
  assert.match(played.stdout, /^# \| X-Client: 192\.0\.2\.1$/m);
  assert.match(serve, /^\S*postmaster run --config '/);
  assert.match(mail, /^swaks --server 127\.0\.0\.1:(25|2525) --to postmaster@example\.net$/);
});

Deno.test({
  name: "who is not root and has no account gets mail as files, from a server on a high port",
  ignore: needRoot().ignore || need("swaks", "setpriv").ignore,
  fn: async () => {
    using directory = openDirectory();
    using cache = new Directory();
    const asStranger = await stranger(cache);
    Deno.chownSync(directory.path, 54321, 54321);
    const init = `umask 077; postmaster init ${HOSTNAME.join(" ")}`;
    const wrote = await shell(`${init} --listen 127.0.0.1:0`, asStranger, directory.path);
    assert.deepEqual([wrote.code, wrote.stderr], [0, ""]);
    for (const name of FILES) {
      const { mode, uid } = Deno.statSync(directory.of(name));
      assert.deepEqual([mode! & 0o777, uid], [0o644, 54321]);
    }
    assert.doesNotMatch(directory.read("postmaster.yaml"), /^user:/m);

    const homeless = await shell("unset HOME; postmaster check", asStranger);
    assert.deepEqual([homeless.code, homeless.stderr], [0, ""]);
    assert.match(homeless.stdout, /^state directory: \/var\/lib\/postmaster\b/m);

    await using server = await serve(directory, `exec ${asStranger.join(" ")} "$@"`);
    assert.match(Deno.readTextFileSync(`/proc/${server.pid}/status`), /^Uid:\s*54321\s/m);
    assert.equal((await swaks(server.port, "postmaster@example.net")).code, 0);
    const inbox = directory.of("mail/postmaster/new");
    const [name] = await until("the mail is there", () => {
      const names = tried(() => [...Deno.readDirSync(inbox)]) ?? [];
      return names.length === 1 && names.map(({ name }) => name);
    });
    const message = Deno.readTextFileSync(`${inbox}/${name}`);
    assert.match(
      message,
      /^Return-Path: <ann@example\.org>\nDelivered-To: postmaster@example\.net\n/,
    );
    assert.match(message, /^X-Client: 127\.0\.0\.1$/m);
    assert.match(message, /^Subject: first mail$/m);
    assert.deepEqual([...Deno.readDirSync(directory.of("mail/postmaster/tmp"))], []);

    const refused = await swaks(server.port, "no-reply@example.net");
    assert.match(refused.stdout, /<\*\* 550 5\.2\.1 nobody reads mail for this address/);
    assert.equal(refused.code, 24);
    assert.match(
      (await swaks(server.port, "joe@example.org")).stdout,
      /550 5\.7\.1 relaying denied/,
    );
  },
});

Deno.test({
  name: "mail for the people of a machine reaches their mailbox by procmail",
  ignore: needRoot().ignore || need("swaks", "procmail", "useradd").ignore,
  fn: async () => {
    using directory = openDirectory();
    const user = `pm${crypto.randomUUID().slice(0, 8)}`;
    const mailbox = `/var/mail/${user}`;
    const added = await run("useradd", ["--no-create-home", "--home-dir", "/nonexistent", user]);
    assert.equal(added.code, 0, added.stderr);
    try {
      const flags = [...HOSTNAME, "--listen", "127.0.0.1:0"];
      await postmaster("init", directory.path, ...flags);
      assert.match(directory.read("postmaster.yaml"), /^users: passwd$/m);
      await using server = await serve(directory);
      assert.equal((await swaks(server.port, `${user}@example.net`)).code, 0);
      const text = await until("the mail is there", () => {
        const text = tried(() => Deno.readTextFileSync(mailbox)) ?? "";
        return text.includes("X-Client") && text;
      });
      assert.match(text, /^From ann@example\.org /);
      assert.match(text, /^X-Client: 127\.0\.0\.1$/m);
    } finally {
      await run("userdel", [user]);
      await Deno.remove(mailbox).catch(() => {});
    }
  },
});

Deno.test("a file that is there stays, even a link that leads nowhere, and nothing is written", async () => {
  for (const name of FILES) {
    using directory = openDirectory();
    directory.write(name, "mine");
    const { code, stdout, stderr } = await postmaster("init", directory.path, ...HOSTNAME);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, new RegExp(`^postmaster: ${directory.of(name)} is there already, .*\n$`));
    assert.deepEqual([directory.list(), directory.read(name)], [[name], "mine"]);
  }
  using directory = openDirectory();
  Deno.symlinkSync(directory.of("elsewhere"), directory.of("handlers.ts"));
  directory.write("postmaster.yaml", "");
  const { code, stderr } = await postmaster("init", directory.path, ...HOSTNAME);
  assert.equal(code, 1);
  assert.match(stderr, /postmaster\.yaml and \S*handlers\.ts are there already/);
  assert.deepEqual(directory.list().sort(), ["handlers.ts", "postmaster.yaml"]);
});

Deno.test("flags that make no sense are said to be wrong, and nothing is written", async () => {
  using directory = openDirectory();
  for (
    const [flags, wanted] of [
      [["--hostname", "no_domain.example"], /'no_domain\.example' is invalid\. Write a full name/],
      [["--hostname", "mx"], /'mx' is invalid\. Write a full name such as mx\.example\.net/],
      [["--domain", "exa mple"], /'exa mple' is invalid\. Write a full name/],
      [["--address", "192.0.2"], /'192\.0\.2' is invalid\. Write an address/],
      [["--listen", "25"], /'25' is invalid\. .*needs an address/],
      [["--mailer", "sendmail"], /'sendmail' is invalid.*procmail, maildrop/],
      [["a", "b"], /too many arguments/],
    ] as const
  ) {
    const { code, stdout, stderr } = await postmaster("init", directory.path, ...flags);
    assert.deepEqual([code, stdout], [2, ""], flags.join(" "));
    assert.match(stderr, wanted);
  }
  assert.deepEqual(directory.list(), []);
});

Deno.test("init says which records to publish", async () => {
  using directory = openDirectory();
  const flags = ["--domain", "example.net", "--address", "192.0.2.25", "--address", "2001:db8::25"];
  const { code, stdout } = await postmaster("init", directory.path, ...HOSTNAME, ...flags);
  assert.equal(code, 0);
  const nibbles = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2";
  assert.deepEqual(/publish.*:\n([^]*?)\n\n/.exec(stdout)?.[1]?.split("\n"), [
    "  mx.example.net.  A  192.0.2.25",
    "  mx.example.net.  AAAA  2001:db8::25",
    "  example.net.  MX  10 mx.example.net.",
    "  25.2.0.192.in-addr.arpa.  PTR  mx.example.net.",
    `  ${nibbles}.ip6.arpa.  PTR  mx.example.net.`,
    '  example.net.  TXT  "v=spf1 mx ~all"',
  ]);
});

Deno.test("a server that becomes another account must be able to read its configuration", {
  ...needRoot(),
}, async () => {
  using directory = new Directory();
  Deno.chmodSync(directory.path, 0o700);
  const { code, stderr } = await postmaster("init", directory.path, ...HOSTNAME);
  assert.equal(code, 1);
  assert.match(stderr, /only its owner may look into .*: chmod 755 /);
  assert.deepEqual(directory.list(), []);
});
