import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import deno from "../../deno.json" with { type: "json" };
import { needRoot } from "../need.ts";
import { Directory, postmaster, PROGRAM, run, Running, sendMail } from "../running.ts";

Deno.test("--version says the version and nothing else", async () => {
  for (const flag of ["--version", "-V"]) {
    assert.deepEqual(await postmaster(flag), {
      code: 0,
      stdout: `${deno.version}\n`,
      stderr: "",
    });
  }
});

Deno.test("--help of every command is short and names what there is", async () => {
  const flags = ["--config", "--listen", "--handlers", "--hostname", "--log-level", "--debug"];
  const client = [...flags, "--ip", "--listener", "--tls", "--auth-user", "--time", "--explain"];
  for (
    const [args, words] of [
      [["--help"], ["init", "run", "check", "simulate", "route", "vars", "--version", "--config"]],
      [["run", "--help"], flags],
      [["check", "--help"], flags],
      [["simulate", "--help"], [...client, "--show-message"]],
      [["route", "--help"], [...client, "--from", "--helo", "<address...>"]],
      [["init", "--help"], [
        "[directory]",
        "--domain",
        "--address",
        "--mailer",
        "--debug",
      ]],
      [["vars", "--help"], ["list", "get", "set", "unset"]],
      [["vars", "set", "--help"], ["<name>", "<json>", "--config", "--ttl", "--debug"]],
    ] as const
  ) {
    const { code, stdout, stderr } = await postmaster(...args);
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    for (const word of words) assert.ok(stdout.includes(word), `${args.join(" ")}: ${word}`);
    const lines = stdout.split("\n");
    assert.ok(lines.length < 50 && lines.every((line) => line.length <= 80), args.join(" "));
  }
});

Deno.test("a command line that makes no sense exits with 2 and says why", async () => {
  for (
    const [args, wanted] of [
      [["--lisen", "*:25"], /unknown option '--lisen'\n.*Did you mean --listen\?/],
      [["check", "--bogus"], /unknown option '--bogus'/],
      [["chekc"], /unknown command 'chekc'/],
      [["check", "postmaster.yaml"], /too many arguments/],
      [["--config"], /argument missing/],
      [["--log-level", "loud"], /'loud' is invalid.*trace, debug, info/],
    ] as const
  ) {
    const { code, stdout, stderr } = await postmaster(...args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr, wanted);
    assert.ok(stderr.split("\n").length <= 4, stderr);
  }
});

Deno.test("a configuration that is not there is one line, and exit code 1", async () => {
  for (const command of [[], ["run"], ["check"], ["simulate"], ["route", "joe@example.net"]]) {
    const { code, stdout, stderr } = await postmaster(...command, "--config", "/no/such.yaml");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^\/no\/such\.yaml: there is no such file: .*\n$/);
  }
});

const TEN_MISTAKES = `\
hostnam: mx.example.net
listen: 25
domains: [exa mple]
users: [joe, "a b"]
recipient-delimiter: "ab"
mailer:
  command: procmail
  timeout: 4 parsecs
handlers: [impatiend]
limits:
  recipients: many
log:
  level: loud
`;

Deno.test("ten mistakes are ten lines with their places, and no stack without --debug", async () => {
  using directory = new Directory();
  const file = directory.write("postmaster.yaml", TEN_MISTAKES);
  const { code, stdout, stderr } = await postmaster("--config", file);
  assert.deepEqual([code, stdout], [1, ""]);
  const places = ["1:1", "2:9", "3:11", "4:14", "5:22", "7:12", "8:12", "9:12", "11:15", "13:10"];
  const lines = stderr.trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => line.split(": ")[0]), places.map((at) => `${file}:${at}`));

  const debugged = await postmaster("check", "--config", file, "--debug");
  assert.equal(debugged.code, 1);
  assert.match(debugged.stderr, /\n +at .*\.ts:\d+:\d+/);
});

Deno.test("check says what the server would do, and starts nothing", async () => {
  using directory = new Directory();
  const config = directory.write("postmaster.yaml", {
    hostname: "mx.example.net",
    listen: ["127.0.0.1:2525", "unix:/run/postmaster.sock"],
    domains: ["example.net"],
    users: ["joe", "jane"],
    aliases: { postmaster: "joe" },
    mailer: { command: ["/no/such/mailer", "{user}"] },
    handlers: [{ impatient: { bound: 3 } }],
    "state-directory": "state",
    dns: { servers: ["127.0.0.1"] },
    limits: { recipients: 10 },
    "handlers-as-root": true,
  });
  const { code, stdout, stderr } = await postmaster("check", "--config", config);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "hostname: mx.example.net",
    "listens on: 127.0.0.1:2525, unix:/run/postmaster.sock",
    "accepts mail for: example.net",
    "users: 2, from a list",
    "aliases: 1",
    "postmaster: joe@example.net",
    "mailer: /no/such/mailer {user} (warning: there is no such program)",
    "relay: none: no mail leaves, and bounces reach only senders here",
    "handlers: impatient",
    "dns: 127.0.0.1",
    "limits: recipients: 10",
    "log: info and above, as text, to standard error",
    "user: the one who starts it",
    "pid file: none",
    `state directory: ${directory.of("state")} (will be made)`,
    `control socket: ${directory.of("state/control.sock")}`,
    `spool directory: ${tmpdir()}`,
  ]);
});

Deno.test("--listen, --hostname, --handlers and --log-level stand above the file", async () => {
  const listen = ["--listen", "127.0.0.1:0", "--listen", "[::1]:0"];
  const others = [
    "--hostname",
    "other.example",
    "--handlers",
    "discard-all",
    "--log-level",
    "trace",
  ];
  await using server = await Running.start(
    () => ({ handlers: ["./gone.ts"], listen: "127.0.0.1:1" }),
    { args: [...listen, ...others] },
  );
  assert.equal(server.addresses.length, 2);
  for (const address of server.addresses) {
    using client = await server.connect(address);
    assert.equal((await client.command("HELO x")).lines[0], "other.example");
    assert.equal(await sendMail(client, "anybody@anywhere.example"), 250);
  }
  await server.logs(/ trace .* command .*line="HELO x"/);
});

Deno.test("a flag's mistake is said of the flag", async () => {
  const { code, stderr } = await postmaster("check", "--listen", "25", "--hostname", "no_domain");
  assert.equal(code, 1);
  assert.match(stderr, /^--hostname: .*\n--listen: .*\n$/);
});

Deno.test("a command may stand behind its options", async () => {
  using directory = new Directory();
  const config = directory.write(
    "mx.yaml",
    "hostname: mx.example.net\nusers: [postmaster]\nlog: {level: warning}\n",
  );
  const { code, stdout, stderr } = await postmaster("-c", config, "--hostname", "run", "check");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^hostname: run\n/);
});

Deno.test("--handlers takes one module, and leaves addresses alone", async () => {
  using directory = new Directory();
  const policy = directory.write(
    "policy.ts",
    'import { discard, on } from "postmaster";\nexport default on("AddRcptTo", () => discard());\n',
  );
  const args = ["--handlers", policy, "joe@example.net", "jane@example.net"];
  const { code, stdout } = await postmaster("route", "--hostname", "mx.example.net", ...args);
  assert.equal(code, 0);
  assert.equal(stdout, "joe@example.net -> discard\njane@example.net -> discard\n");
});

/** What starts the program from any directory. */
const ABSOLUTE = PROGRAM.map((word) =>
  word === "main.ts" ? fileURLToPath(new URL("../../main.ts", import.meta.url)) : word
);

Deno.test("without --config, postmaster.yaml of the working directory is taken, and the log says so", async () => {
  using directory = new Directory();
  directory.write(
    "postmaster.yaml",
    "hostname: found.example.net\nlisten: 127.0.0.1:0\nusers: [postmaster]\n",
  );
  const inside = (...args: string[]) =>
    run("sh", ["-c", 'cd "$0" && exec "$@"', directory.path, ...ABSOLUTE, ...args]);
  assert.match((await inside("check")).stdout, /^hostname: found\.example\.net\n/);
  const { stderr } = await inside("--listen", "unix:/nonexistent/socket");
  assert.match(stderr, /nonexistent/);
  await using server = await Running.start(() => undefined, {
    before: `cd '${directory.path}'`,
    program: ABSOLUTE,
  });
  assert.match(
    server.log.join("\n"),
    /^\S+ info {2}starting config=postmaster\.yaml\n[^]* started .*hostname=found\.example\.net$/m,
  );
});

Deno.test({
  name: "root takes no configuration that somebody else has put into the working directory",
  ...needRoot(),
  fn: async () => {
    using directory = new Directory();
    const file = directory.write("postmaster.yaml", "hostname: trap.example.net\n");
    Deno.chownSync(file, 65534, 65534);
    const script = 'cd "$0" && exec "$@"';
    const { code, stderr } = await run("sh", ["-c", script, directory.path, ...ABSOLUTE, "check"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^postmaster\.yaml: this file is not root's, .*: name it with --config\n$/,
    );
  },
});
