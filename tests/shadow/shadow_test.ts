/**
 * Shadows from outside: a real server with real sessions, and candidates that would say something else, or do harm.
 *
 * @module
 */
import assert from "node:assert/strict";
import { codes, Directory, postmaster, Running, until } from "../running.ts";
import { atDelivery, atRcpt, EVENTS, LIVE, SEEN, visit } from "./visit.ts";

/** A server with a shadow that is there, and the path of its configuration. */
async function start(
  candidate: string,
  more: (directory: Directory) => object = () => ({}),
  directory?: Directory,
): Promise<Running> {
  const server = await Running.start((directory) => {
    directory.write("live.ts", LIVE);
    directory.write("next.ts", candidate);
    return {
      users: ["you", "jane"],
      handlers: { live: ["./live.ts"], shadow: ["./next.ts"] },
      ...more(directory),
    };
  }, directory === undefined ? {} : { directory });
  return server;
}

async function started(...args: Parameters<typeof start>): Promise<Running> {
  const server = await start(...args);
  await server.logs(/shadow started/);
  return server;
}

const shadow = (server: Running, ...args: readonly string[]) =>
  postmaster("shadow", ...args, "--config", server.directory.of("postmaster.yaml"));

interface Found {
  readonly since: number;
  readonly sessions: number;
  readonly lost: number;
  readonly compared: number;
  readonly restarts: number;
  readonly uncompared: Readonly<Record<string, number>>;
  readonly differences: Readonly<Record<string, { readonly count: number }>>;
  readonly notes: readonly {
    readonly what: string;
    readonly event: string;
    readonly text: string;
  }[];
}

/** What the file of the shadow says once it is so. */
const found = (server: Running, isSo: (found: Found) => boolean): Promise<Found> =>
  until(() => `the shadow has found it: ${server.directory.read("state/shadow.json")}`, () => {
    const text = server.directory.read("state/shadow.json");
    const found: Found | undefined = text === "" ? undefined : JSON.parse(text);
    return found !== undefined && isSo(found) && found;
  });

const counts = ({ differences }: Found) =>
  Object.entries(differences).map(([kind, { count }]) => `${count} ${kind}`);

Deno.test("a shadow that differs in one rule: the report shows just that, also after a restart", async () => {
  using directory = new Directory();
  const candidate = atRcpt(`
    if (event.mailbox.local === "nobody") return say(5, 5, 0, "not here", "5.1.1");
    if (event.mailbox.local === "jane") return say(5, 5, 0, "jane has moved", "5.1.6");
  `);
  const kind = "AddRcptTo: 250 2.1.5 (local-users) -> 550 5.1.6 (./next.ts)";
  {
    await using server = await started(candidate, undefined, directory);
    await visit(server);
    await visit(server);
    const first = await found(server, ({ compared }) => compared === 2 * EVENTS);
    assert.deepEqual(counts(first), [`2 ${kind}`]);
    assert.deepEqual(first.uncompared, {});
    assert.equal(first.sessions, 2);
    assert.equal(await server.stop(), 0);
  }
  await using server = await started(candidate, undefined, directory);
  await visit(server);
  const all = await found(server, ({ compared }) => compared === 3 * EVENTS);
  assert.deepEqual(counts(all), [`3 ${kind}`]);

  const { code, stdout } = await shadow(server, "report");
  assert.equal(code, 1);
  assert.match(stdout, /^shadow: \.\/next\.ts$/m);
  assert.match(stdout, /^3 sessions, 36 verdicts compared: 3 differ$/m);
  assert.ok(stdout.includes(`3 times ${kind}\n  AddRcptTo <jane@example.net>\n`), stdout);
  assert.match(
    stdout,
    /before: 250 2\.1\.5 recipient ok \(local-users\), jane@example\.net -> mailer$/m,
  );
  assert.match(stdout, /after: {2}550 5\.1\.6 jane has moved \(\.\/next\.ts\)$/m);
  assert.deepEqual(JSON.parse((await shadow(server, "report", "--json")).stdout), all);

  assert.equal((await shadow(server, "reset")).code, 0);
  assert.match((await shadow(server, "report")).stderr, /there is no report/);
  await visit(server);
  await found(server, ({ compared }) => compared === EVENTS);
});

Deno.test("a shadow that says the same: exit status 0", async () => {
  await using server = await started(LIVE);
  await visit(server);
  const { differences } = await found(server, ({ compared }) => compared === EVENTS);
  assert.deepEqual(differences, {});
  const { code, stdout } = await shadow(server, "report");
  assert.equal(code, 0);
  assert.match(stdout, /12 verdicts compared: 0 differ/);
});

Deno.test("what becomes of a message is compared: its header, its body, its routes, and whether it goes on", async () => {
  const message = (local: string, code: string) => `if (to === "${local}") ${code}\n`;
  await using server = await started(
    `
import { discard, on, say } from "postmaster";
async function* shout(body) {
  for await (const chunk of body) yield chunk.map((octet) => octet === 0x6f ? 0x4f : octet);
}
async function* headed(body) {
  yield new TextEncoder().encode("X-Seen: yes\\r\\n");
  yield* body;
}
async function* same(body) {
  for await (const chunk of body) for (const octet of chunk) yield Uint8Array.of(octet);
}
export default on("Deliver", (event, next, session) => {
  const to = session.recipients[0].local;
  ${message("body", "return next({ ...event, body: shout(event.body) });")}
  ${message("header", "return next({ ...event, body: headed(event.body) });")}
  ${message("same", "return next({ ...event, body: same(event.body) });")}
  ${message("sender", "return next({ ...event, sender: null });")}
  ${message("lost", 'return say(2, 5, 0, "thanks", "2.0.0");')}
  ${message("refused", 'return say(5, 5, 4, "spam", "5.7.1");')}
  ${
      message(
        "there",
        "return next({ ...event, routes: event.routes.map((route) => ({ ...route, target: discard() })) });",
      )
    }
  return next();
});
`,
    () => ({ users: ["body", "header", "same", "sender", "lost", "refused", "there"] }),
  );
  const client = await server.connect();
  await codes(client, "EHLO c.example");
  for (const local of ["body", "header", "same", "sender", "lost", "refused", "there"]) {
    const told = await codes(
      client,
      "MAIL FROM:<ann@example.org>",
      `RCPT TO:<${local}@example.net>`,
      "DATA",
      "Subject: hello\r\n\r\nhello\r\n.",
    );
    assert.deepEqual(told, [250, 250, 354, 250]);
  }
  await codes(client, "QUIT");
  const all = await found(server, ({ compared }) => compared === 31);
  assert.deepEqual(counts(all).toSorted(), [
    "1 Deliver: 250 2.0.0 (accepted) -> 250 2.0.0 (accepted), another place",
    "1 Deliver: 250 2.0.0 (accepted) -> 250 2.0.0 (not passed on), another place",
    "1 Deliver: 250 2.0.0 (accepted) -> 554 5.7.1 (./next.ts)",
    "3 Deliver: 250 2.0.0 (accepted) -> 250 2.0.0 (accepted), other changes",
  ]);
  const { stdout } = await shadow(server, "report");
  for (const change of [/, \+X-Seen: yes$/m, /, another body$/m, /, sender <>$/m]) {
    assert.match(stdout, change);
  }
});

Deno.test("what is said of mail in the queue is compared, though only the candidates say something of it", async () => {
  const candidate = atDelivery(
    'if (to === "jane" && attempt === 1) return say(4, 5, 0, "later", "4.7.1");',
  );
  await using server = await started(candidate, () => ({ deliver: "queued" }));
  await visit(server);
  const all = await found(server, ({ compared }) => compared === EVENTS + 4);
  assert.deepEqual(counts(all), [
    "1 BeforeDelivery: 250 2.0.0 (core) -> 450 4.7.1 (./next.ts > on(BeforeDelivery))",
  ]);
  assert.deepEqual(all.notes.map(({ text }) => text).sort(), SEEN.toSorted());
  assert.deepEqual(all.uncompared, {});
  await until("the mail is delivered", () => server.directory.read("mail").includes("two"));
});

Deno.test("a shadow cannot write, run, connect, kill or send, and its variables and its log are its own", async () => {
  using directory = new Directory();
  const harm = directory.of("harm");
  await using server = await started(`
import { on, onEvery, variable } from "postmaster";
const seen = variable("global", "seen", () => 0, { persist: true });
const tried = async (what, run) => {
  try {
    await run();
    console.log("could " + what);
  } catch (error) {
    console.log(error.name + " " + what);
  }
};
await tried("load", () => Deno.writeTextFile(${JSON.stringify(harm)}, "loaded"));
export default on("AddRcptTo", async (event, next, session) => {
  await tried("write", () => Deno.writeTextFile(${JSON.stringify(harm)}, "written"));
  await tried("run", () => new Deno.Command("touch", { args: [${JSON.stringify(harm)}] }).output());
  await tried("connect", () => Deno.connect({ port: 25 }));
  await tried("fetch", () => fetch("http://127.0.0.1:8080/"));
  await tried("resolve", () => Deno.resolveDns("example.net", "A"));
  await tried("kill", () => Deno.kill(Deno.ppid, "SIGTERM"));
  await tried("ask", async () => {
    const { state } = await Deno.permissions.request({ name: "write" });
    if (state !== "granted") throw new TypeError(state);
  });
  await tried("exit", () => Deno.exit(3));
  await session.set(seen, 7);
  session.log("a line of the shadow");
  if (event.mailbox.local === "jane") await Deno.writeTextFile(${JSON.stringify(harm)}, "again");
  return next();
});
`);
  await visit(server);
  const { notes, uncompared } = await found(
    server,
    ({ compared, uncompared }) => compared + (uncompared["forbidden"] ?? 0) === EVENTS,
  );
  const prints = notes.filter(({ what }) => what === "prints").map(({ text }) => text);
  for (const what of ["load", "write", "run", "connect", "fetch", "resolve", "kill"]) {
    assert.ok(prints.includes(`NotCapable ${what}`), `${what}: ${prints}`);
  }
  assert.deepEqual(prints.filter((text) => text.startsWith("could")), []);
  assert.deepEqual(uncompared, { forbidden: 1 });
  assert.ok(notes.some(({ what, text }) => what === "logs" && text === "a line of the shadow"));
  assert.ok(!server.log.some((line) => line.includes("a line of the shadow")));
  assert.deepEqual(directory.list(), []);
  assert.ok(!server.directory.list().includes("variables.sqlite"));
  assert.equal(server.directory.read("mail").match(/^hello/gm)?.length, 2);
});

Deno.test("a shadow that works without end delays nobody, and is ended", async () => {
  await using server = await started(atRcpt("for (;;);"));
  await visit(server);
  const failed = await server.logs(/shadow failed/);
  assert.match(failed, /a handler works without end/);
  await visit(server);
  await found(server, ({ restarts, lost }) => restarts > 0 && lost > 0);
});

Deno.test("a shadow that takes memory without end is ended, and not the server", async () => {
  await using server = await started(
    atRcpt(
      "const all = []; for (;;) { all.push(new Array(1e6).fill(Math.random())); await null; }",
    ),
  );
  await visit(server);
  await server.logs(/shadow failed/);
  await visit(server);
});

Deno.test("candidates that cannot be loaded do not keep the server from serving", async () => {
  await using server = await start('throw new Error("not today");');
  await visit(server);
  const line = await server.logs(/shadow failed/);
  assert.match(line, /`\.\/next\.ts`: .*not today/);
  const { code, stderr } = await postmaster(
    "check",
    "--config",
    server.directory.of("postmaster.yaml"),
  );
  assert.equal(code, 1);
  assert.match(stderr, /postmaster\.yaml.*`\.\/next\.ts`: .*not today/);
});

Deno.test("a reload takes other candidates, whose report begins anew, and none that cannot be loaded", async () => {
  await using server = await started(LIVE);
  await visit(server);
  const before = await found(server, ({ compared }) => compared === EVENTS);
  server.directory.write(
    "next.ts",
    atRcpt(`if (event.mailbox.local !== "you") return say(5, 5, 0, "not here", "5.1.1");`),
  );
  server.kill("SIGHUP");
  await until(
    "another shadow is there",
    () => server.log.filter((line) => line.includes("shadow started")).length === 2,
  );
  await visit(server);
  const all = await found(
    server,
    ({ compared, since }) => since > before.since && compared === EVENTS,
  );
  assert.deepEqual(counts(all), ["1 AddRcptTo: 250 2.1.5 (local-users) -> 550 5.1.1 (./next.ts)"]);

  server.directory.write("next.ts", "export default 5;");
  server.kill("SIGHUP");
  assert.match(await server.logs(/not reloaded/), /`\.\/next\.ts`/);
});
