import assert from "node:assert/strict";
import {
  complaint,
  Directory,
  type Ended,
  isAlive,
  postmaster,
  Running,
  until,
} from "../running.ts";

/** Counts NOOPs for each argument, and tells who was banned. */
const POLICY = `
import { chain, on, say, variable } from "postmaster";

const noops = variable("global", "noops", () => 0, { ttl: "1 h", persist: true });
const banned = variable("global", "banned", () => false, { persist: true });
const brief = variable("global", "brief", () => 0);

export default chain(
  on("SayOK", async ({ argument }, _next, session) => {
    await session.tick(brief);
    return say(2, 5, 0, String(await session.tick(noops.of(argument))));
  }),
  on("Verify", async ({ argument }, _next, session) =>
    say(2, 5, 2, await session.get(banned.of(argument)) ? "banned" : "welcome")),
);
`;

/** Starts a server with that policy and its state in `directory`. */
function start(directory: Directory): Promise<Running> {
  directory.write("policy.ts", POLICY);
  return Running.start(() => ({
    handlers: [directory.of("policy.ts")],
    "state-directory": directory.of("state"),
  }));
}

/** The reply's text. */
async function ask(server: Running, command: string): Promise<string> {
  using client = await server.connect();
  return (await client.command(command)).lines.join();
}

/** `postmaster vars …` with a configuration of that directory: one of its own, which no other call writes meanwhile. */
async function vars(directory: Directory, ...args: readonly string[]): Promise<Ended> {
  using own = new Directory();
  const config = own.write("vars.yaml", {
    hostname: "mx.example.net",
    "state-directory": directory.of("state"),
  });
  return await postmaster("vars", ...args, "--config", config);
}

Deno.test("what a handler counted a second before kill -9 is there after a restart", async () => {
  using directory = new Directory();
  {
    await using server = await start(directory);
    for (const wanted of ["1", "2", "3"]) assert.equal(await ask(server, "NOOP x"), wanted);
    await new Promise((resolve) => setTimeout(resolve, 1000)); // what is promised to be lost at most
    server.kill("SIGKILL");
    await until("it is dead", () => !isAlive(server.pid));
  }
  await using again = await start(directory);
  assert.equal(await ask(again, "NOOP x"), "4");
});

Deno.test("a server that is told to stop keeps what was counted up to the last moment", async () => {
  using directory = new Directory();
  {
    await using server = await start(directory);
    assert.equal(await ask(server, "NOOP x"), "1");
    assert.equal(await server.stop(), 0);
  }
  const { stdout } = await vars(directory, "get", "noops[x]");
  assert.equal(stdout, "1\n");
});

Deno.test("vars and a running server see what the other writes", async () => {
  using directory = new Directory();
  await using server = await start(directory);
  assert.equal(await ask(server, "VRFY joe"), "welcome");
  assert.equal(await ask(server, "NOOP a]b"), "1");
  assert.deepEqual(await vars(directory, "set", "banned[joe]", "true"), OK);
  await until("joe is banned", async () => await ask(server, "VRFY joe") === "banned");

  const { stdout } = await vars(directory, "list");
  const [head, ...lines] = stdout.trimEnd().split("\n");
  assert.equal(head, "NAME         EXPIRES                   VALUE");
  assert.match(lines[0]!, /^banned\[joe\] +never +true$/);
  assert.match(lines[1]!, /^noops\[a\\\]b\] +20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z +1$/);
  assert.equal(lines.length, 2, "what does not persist is not shown");

  assert.deepEqual(await vars(directory, "set", "noops[a\\]b]", "41"), OK);
  await until("the server counts on", async () => Number(await ask(server, "NOOP a]b")) >= 42);
  assert.deepEqual(await vars(directory, "unset", "banned[joe]"), OK);
  await until("joe is welcome", async () => await ask(server, "VRFY joe") === "welcome");
  assert.deepEqual(server.log.filter((line) => / error /.test(line)), []);
});

Deno.test("many clients count at once, while vars looks on, and no count is lost", async () => {
  using directory = new Directory();
  await using server = await start(directory);
  const clients = await Promise.all(Array.from({ length: 20 }, () => server.connect()));
  const seen = await Promise.all(clients.map(async (client, i) => {
    const counts: string[] = [];
    for (let n = 0; n < 50; n++) counts.push((await client.command("NOOP x")).lines.join());
    if (i % 5 === 0) assert.equal((await vars(directory, "list")).stderr, "");
    client.hangUp();
    return counts;
  }));
  assert.equal(new Set(seen.flat()).size, 1000, "each client had numbers of its own");
  assert.equal(await server.stop(), 0);
  assert.equal((await vars(directory, "get", "noops[x]")).stdout, "1000\n");
});

const OK: Ended = { code: 0, stdout: "", stderr: "" };

Deno.test("vars list, get, set and unset without a server", async () => {
  using directory = new Directory();
  assert.deepEqual(await vars(directory, "list"), OK);
  assert.deepEqual(directory.list(), [], "a look makes nothing");
  const { code, stderr } = await vars(directory, "get", "a");
  assert.equal(code, 1);
  assert.match(stderr, /^postmaster: `a` has no value: .*\n$/);

  for (const [name, json] of [["b[2]", "[1, 2]"], ["b[1]", '"\\u202e"'], ["a", "null"]] as const) {
    assert.deepEqual(await vars(directory, "set", name, json), OK);
  }
  assert.equal((await vars(directory, "get", "b[2]")).stdout, "[1,2]\n");
  assert.equal((await vars(directory, "get", "b[1]")).stdout, '"\\u202e"\n');
  assert.deepEqual(JSON.parse((await vars(directory, "get", "a", "--json")).stdout), {
    name: "a",
    value: null,
    expires: null,
  });
  const listed = (await vars(directory, "list", "b[", "--json")).stdout.trimEnd().split("\n");
  assert.deepEqual(listed.map((line) => JSON.parse(line).name), ["b[1]", "b[2]"]);

  assert.deepEqual(await vars(directory, "unset", "a"), OK);
  assert.equal((await vars(directory, "unset", "a")).code, 1);
});

Deno.test("vars set takes a ttl, and keeps the one that there was", async () => {
  using directory = new Directory();
  const expires = async () => {
    const { stdout } = await vars(directory, "get", "a", "--json");
    return Date.parse(JSON.parse(stdout).expires);
  };
  const start = Date.now();
  await vars(directory, "set", "a", "1", "--ttl", "1 h");
  const first = await expires();
  assert.ok(first >= start + 3_600_000 && first <= Date.now() + 3_600_000);
  await vars(directory, "set", "a", "2");
  assert.ok(await expires() > first);
  await vars(directory, "set", "a", "3", "--ttl", "1 ms");
  assert.equal((await vars(directory, "get", "a")).code, 1);
});

Deno.test("vars with a command line that makes no sense exits with 2 and says why", async () => {
  for (
    const [args, wanted] of [
      [[], /Usage: postmaster vars/],
      [["lsit"], /unknown command 'lsit'\n.*Did you mean list\?/],
      [["get"], /missing required argument 'name'/],
      [["get", "a[b"], /a\[b.*A variable has a name such as/],
      [["set", "a"], /missing required argument 'json'/],
      [["set", "a", "abc"], /Write JSON, such as/],
      [["set", "a", "0049"], /Write JSON, such as/],
      [["set", "a", "12345678901234567890"], /The number has too many digits/],
      [["set", "a", "1", "--ttl", "0"], /`0` cannot be a ttl/],
      [["list", "a", "b"], /too many arguments/],
    ] as const
  ) {
    const { code, stdout, stderr } = await postmaster("vars", ...args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr, wanted);
  }
});

Deno.test("a damaged file is one line that says what to do, for run, check and vars", async () => {
  using directory = new Directory();
  Deno.mkdirSync(directory.of("state"));
  directory.write("state/variables.sqlite", "no database ".repeat(500));
  const config = directory.write("postmaster.yaml", {
    hostname: "mx.example.net",
    listen: "127.0.0.1:0",
    "handlers-as-root": true, // whoever runs the tests
    "state-directory": "state",
  });
  for (const args of [["run"], ["check"], ["vars", "list"]]) {
    const { code, stdout, stderr: said } = await postmaster(...args, "--config", config);
    assert.deepEqual([code, stdout], [1, ""], args.join(" "));
    const file = directory.of("state/variables.sqlite");
    const stderr = complaint(said);
    assert.ok(stderr.startsWith(`postmaster: cannot use ${file}: file is not a database: move it`));
    assert.equal(stderr.split("\n").length, 2, stderr);
  }
});

Deno.test("a state directory that cannot be one is a mistake in the configuration", async () => {
  using directory = new Directory();
  directory.write("file", "");
  const config = directory.write("postmaster.yaml", "state-directory: ./file/state\n");
  const { code, stderr } = await postmaster(
    "check",
    "--config",
    config,
    "--hostname",
    "mx.example.net",
  );
  assert.equal(code, 1);
  assert.match(
    stderr,
    /postmaster\.yaml:1:18: `state-directory`: the server cannot write to .*\n$/,
  );
});
