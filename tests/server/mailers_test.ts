import assert from "node:assert/strict";
import {
  codes,
  type Directory,
  isAlive,
  Running,
  sendMail,
  type Settings,
  until,
} from "../running.ts";

/** A mailer that is a shell script; `$1` is the server's directory, `$2` the recipient's extension. */
const script = (text: string, mailer: Settings = {}) => (directory: Directory): Settings => ({
  "recipient-delimiter": "+",
  log: { level: "debug" },
  mailer: { command: ["sh", "-c", text, "sh", directory.path, "{extension}"], ...mailer },
});

const pids = (server: Running) => (server.directory.read("pids").match(/\d+/g) ?? []).map(Number);

Deno.test("each exit code of sysexits has its reply", async () => {
  await using server = await Running.start(script('cat > /dev/null; exit "$2"'));
  using client = await server.connect();
  const deferred = [71, 73, 74, 75, 126, 127];
  for (const code of [0, 1, 2, 63, ...Array.from({ length: 15 }, (_, i) => 64 + i), 126, 127]) {
    const wanted = code === 0 ? 250 : deferred.includes(code) ? 451 : 554;
    assert.equal(await sendMail(client, `you+${code}@example.net`), wanted, `exit ${code}`);
  }
  await server.logs(/ failed .*unknown user/); // EX_NOUSER is named
});

Deno.test("a mailer that hangs is ended with its whole process group, and the reply is 451", async () => {
  const text = 'trap "" TERM; sleep 60 & echo $$ $! > "$1/pids"; wait; sleep 60';
  const times = { timeout: "1 s", "kill-grace": "200 ms" };
  await using server = await Running.start(script(text, times));
  using client = await server.connect();
  const start = performance.now();
  assert.equal(await sendMail(client), 451);
  const took = performance.now() - start;
  assert.ok(took > 900 && took < 30_000, `${took} ms`);
  assert.equal(pids(server).length, 2);
  await until("both processes are gone", () => !pids(server).some(isAlive));
  await server.logs(/ deferred .*took too long/);
});

for (const mailer of ["missing", "forbidden", "a directory", "suicidal"]) {
  Deno.test(`a mailer that is ${mailer} defers`, async () => {
    await using server = await Running.start(({ of }) => ({ mailer: { command: [of(mailer)] } }));
    const { directory } = server;
    directory.write("forbidden", "#!/bin/sh\n");
    directory.write("suicidal", "#!/bin/sh\nkill -9 $$\n");
    Deno.chmodSync(directory.of("suicidal"), 0o755);
    Deno.mkdirSync(directory.of("a directory"));
    using client = await server.connect();
    assert.equal(await sendMail(client), 451);
  });
}

Deno.test("a mailer that does not read succeeds by its exit code", async () => {
  await using server = await Running.start(script("exit 0"));
  using client = await server.connect();
  const large = `Subject: large\r\n\r\n${"many lines\r\n".repeat(200_000)}`;
  assert.equal(await sendMail(client, "you@example.net", large), 250);
});

Deno.test("what a mailer says without end is read, and little of it kept", async () => {
  const text = "cat > /dev/null; head -c 50000000 /dev/zero | tr '\\0' 'y' >&2";
  await using server = await Running.start(script(text, { output: "1 KiB" }));
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
  const line = await server.logs(/ mailer /);
  assert.match(line, /[^y]y{1024}$/);
});

Deno.test("a mailer that leaves a daemon behind keeps nobody waiting", async () => {
  const text = 'cat > /dev/null; sleep 60 & echo $! > "$1/pids"';
  await using server = await Running.start(script(text));
  using client = await server.connect();
  const start = performance.now();
  assert.equal(await sendMail(client), 250);
  assert.ok(performance.now() - start < 30_000);
  assert.equal(await server.stop(), 0);
  const [daemon = 0] = pids(server);
  assert.ok(isAlive(daemon), "what a successful mailer left running is its own affair");
  Deno.kill(daemon, "SIGKILL");
});

Deno.test("no more mailers than allowed run at once, and all mail arrives", async () => {
  const text = 'echo + >> "$1/steps"; cat > /dev/null; sleep 0.05; echo - >> "$1/steps"';
  await using server = await Running.start(script(text, { concurrency: 2 }));
  const clients = await Promise.all(Array.from({ length: 12 }, () => server.connect()));
  const replies = await Promise.all(clients.map((client) => sendMail(client)));
  assert.deepEqual(new Set(replies), new Set([250]));
  let running = 0;
  let most = 0;
  for (const step of server.directory.read("steps").trim().split("\n")) {
    running += step === "+" ? 1 : -1;
    most = Math.max(most, running);
  }
  assert.deepEqual([running, most], [0, 2]);
});

Deno.test("hostile local parts reach a mailer as one argument or not at all", async () => {
  const text = 'cat > /dev/null; for argument; do echo "<$argument>"; done > "$1/arguments"';
  await using server = await Running.start(script(text));
  using client = await server.connect();
  await codes(client, "EHLO client.example.org");
  for (const extension of ["$(id)", ";id", "`id`", "a|b", "../x", "a b", "*", "-oQ/tmp", "--"]) {
    const envelope = ["MAIL FROM:<>", `RCPT TO:<"you+${extension}"@example.net>`, "DATA"];
    assert.deepEqual(await codes(client, ...envelope), [250, 250, 354], extension);
    const [code] = await codes(client, "\r\n.");
    const got = server.directory.read("arguments");
    if (extension.startsWith("-")) assert.deepEqual([code, got], [554, ""], extension);
    else assert.deepEqual([code, got], [250, `<${server.directory.path}>\n<${extension}>\n`]);
    server.directory.write("arguments", "");
  }
});
