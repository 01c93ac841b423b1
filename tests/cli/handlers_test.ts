import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { codes, complaint, Directory, postmaster, Running, sendMail, until } from "../running.ts";

const OWN = `
import { chain, discard, on, say } from "postmaster";

export default chain(
  on("Greeting", () => say(2, 2, 0, "mx.example.net at your service")),
  on("SayEhlo", async (_event, next) => {
    const reply = await next();
    return { ...reply, lines: [...reply.lines, "XYZZY"] };
  }),
  on("SetMailFrom", ({ mailbox }, next) =>
    mailbox?.domain === "spam.example" ? say(5, 5, 0, "no spam please", "5.7.1") : next()),
  on("AddRcptTo", ({ mailbox }, next) => mailbox.local === "void" ? discard() : next()),
  on("Unrecognized", ({ line }) =>
    line === "XYZZY" ? say(2, 5, 0, "nothing happens") : say(5, 0, 0, "pardon?")),
  on(["NeedHeloFirst", "NeedRcptToFirst"], () => say(5, 0, 3, "manners!", "5.5.1")),
  on("SyntaxErrorIn", ({ command }) => say(5, 0, 1, "cannot read this: " + command)),
);
`;

Deno.test("a module of one's own changes what the server says, at every step", async () => {
  await using server = await Running.start((directory) => {
    directory.write("own.ts", OWN);
    return { handlers: ["./own.ts"] };
  });
  using client = await server.connect();
  const say = async (line: string) => {
    const { code, enhanced, lines } = await client.command(line);
    return `${code} ${enhanced ?? "-"} ${lines.at(-1)}`;
  };
  assert.equal(await say("RCPT TO:<you@example.net>"), "503 5.5.1 manners!");
  assert.equal(await say("EHLO client.example.org"), "250 - XYZZY");
  assert.equal(await say("XYZZY"), "250 2.0.0 nothing happens");
  assert.equal(await say("PLUGH"), "500 5.5.2 pardon?");
  assert.equal(await say("\xff\xfe\x00"), "501 5.5.4 cannot read this: ");
  assert.equal(await say("MAIL FROM:<a b>"), "501 5.5.4 cannot read this: MAIL");
  assert.equal(await say("MAIL FROM:<eve@spam.example>"), "550 5.7.1 no spam please");
  assert.equal(await say("MAIL FROM:<ann@example.org>"), "250 2.1.0 sender ok");
  assert.equal(await say("DATA"), "503 5.5.1 manners!");
  assert.equal(await say("RCPT TO:<void@anywhere.example>"), "250 2.1.5 recipient ok");
  assert.deepEqual(await codes(client, "DATA", "\r\n."), [354, 250]);
  assert.equal(server.directory.read("mail"), "");
  assert.equal(await sendMail(client), 250);
  assert.match(server.directory.read("mail"), /\nhello\n$/);
});

Deno.test("the greeting is the handler's", async () => {
  await using server = await Running.start((directory) => {
    directory.write("own.ts", OWN);
    return { handlers: ["./own.ts"] };
  });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const buffer = new Uint8Array(100);
  const length = await connection.read(buffer) ?? 0;
  const greeting = new TextDecoder().decode(buffer.subarray(0, length));
  assert.equal(greeting, "220 mx.example.net at your service\r\n");
});

const FAULTY = `
import { on } from "postmaster";

export default on("AddRcptTo", ({ mailbox }, next) => {
  if (mailbox.local === "throw") throw new Error("on\\r\\npurpose");
  if (mailbox.local === "hang") return new Promise(() => {});
  if (mailbox.local === "nonsense") return "250 ok";
  if (mailbox.local === "inject") return { code: 550, lines: ["no\\r\\n250 yes"] };
  return next();
});
`;

Deno.test("a handler that breaks costs its client a 451 and nobody anything else", async () => {
  await using server = await Running.start((directory) => {
    directory.write("faulty.ts", FAULTY);
    return { handlers: ["./faulty.ts"], limits: { "handler-timeout": "1 s" } };
  });
  using client = await server.connect();
  await codes(client, "EHLO client.example.org", "MAIL FROM:<>");
  for (const local of ["throw", "hang", "nonsense", "inject"]) {
    assert.deepEqual(await codes(client, `RCPT TO:<${local}@example.net>`), [451], local);
  }
  const broke = () => server.log.filter((line) => / handler broke .*handler=\S*faulty/.test(line));
  await until("all four are named", () => broke().length === 4);
  assert.deepEqual(await codes(client, "RCPT TO:<you@example.net>", "DATA", "\r\n."), [
    250,
    354,
    250,
  ]);
});

const STRAY = `
import { on } from "postmaster";

export default on("SayOK", (_event, next) => {
  Promise.reject(new Error("not awaited"));
  setTimeout(() => { throw new Error("in a timer"); });
  return next();
});
`;

Deno.test("an error that a handler leaves to nobody is logged, and the server goes on", async () => {
  await using server = await Running.start((directory) => {
    directory.write("stray.ts", STRAY);
    return { handlers: ["./stray.ts"] };
  });
  using client = await server.connect();
  assert.deepEqual(await codes(client, "EHLO client.example.org", "NOOP"), [250, 250]);
  await server.logs(/ error stray error error="Error: not awaited\\n +at .*\/stray\.ts:5:18/);
  await server.logs(/ error stray error error="Error: in a timer\\n +at .*\/stray\.ts:6:28/);
  assert.deepEqual(await codes(client, "NOOP"), [250]);
});

Deno.test("an error that a module leaves to nobody keeps the server from starting", async () => {
  using directory = new Directory();
  const config = directory.write("postmaster.yaml", { "handlers-as-root": true });
  const file = directory.write(
    "stray.ts",
    'Promise.reject(new Error("boom"));\nawait new Promise(() => {});\nexport default () => {};',
  );
  const { code, stderr } = await postmaster("check", "--config", config, "--handlers", file);
  assert.equal(code, 1);
  assert.match(stderr, /^--handlers: .*: cannot load this module: boom \(.*stray\.ts:1:16\)\n/);
});

Deno.test("a module that cannot be used is one line with an excerpt, and exit code 1", async () => {
  using directory = new Directory();
  const settings = { listen: "127.0.0.1:0", "handlers-as-root": true };
  const config = directory.write("postmaster.yaml", settings);
  for (
    const [source, wanted] of [
      ["export default 3", /default export is a number/],
      ["export const policy = 3", /no default export/],
      ["export default (((", /cannot load this module: .*:1:/],
      ['throw new Error("boom")', /cannot load this module: boom \(.*module\d\.ts:1:7\)/],
      ['import x from "./gone.ts"; export default x', /there is no file \S*gone\.ts/],
    ] as const
  ) {
    const file = directory.write(`module${directory.list().length}.ts`, source);
    const { code, stdout, stderr } = await postmaster("--config", config, "--handlers", file);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, wanted);
    assert.match(
      complaint(stderr),
      /^--handlers: [^\n]*\(\S+\.ts:1:\d+\)\n {2}1 \| [^\n]*\n {4}\| +\^\n$/,
    );
  }
});

const RESIDENTS = fileURLToPath(new URL("../../docs/examples/residents.ts", import.meta.url));

/** Wraps the example: what goes to procmail goes to a file of the user's name instead. */
const wrapped = (directory: string) => `
import { chain, on, pipe } from "postmaster";
import residents from ${JSON.stringify(`file://${RESIDENTS}`)};

const toFile = ({ target, args }) =>
  target === "pipe" ? pipe(["tee", "-a", ${JSON.stringify(directory)} + "/" + args.argv.at(-1)])
    : { target, args };

export default chain(
  on("AddRcptTo", async (_event, next) => {
    const { routes, ...reply } = await next();
    if (routes === undefined) return reply;
    return { ...reply, routes: routes.map((route) => ({ ...route, target: toFile(route.target) })) };
  }),
  residents,
);
`;

Deno.test("the example of the residents does what it says", async () => {
  await using server = await Running.start((directory) => {
    directory.write("wrapped.ts", wrapped(directory.path));
    const log = 'cat >> "$1"; shift; echo "$@" >> "$0"';
    const [mail, addresses] = [directory.of("relayed"), directory.of("addresses")];
    const relay = { command: ["sh", "-c", log, addresses, mail, "{sender}", "{recipient}"] };
    return { domains: [], users: [], handlers: ["./wrapped.ts"], relay };
  });
  using client = await server.connect();
  const send = async (from: string, to: string) => {
    const envelope = ["EHLO client.example.org", `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`];
    return await codes(client, ...envelope, "DATA", `Subject: from ${from} to ${to}\r\n\r\n.`);
  };
  const [joe, jane, ann] = ["joe@example.net", "jane@example.net", "ann@example.org"];
  const subjects = (name: string) => server.directory.read(name).match(/(?<=\nSubject: ).*/g) ?? [];
  const delivered = [250, 250, 250, 354, 250];
  assert.deepEqual(await send(ann, joe), delivered);
  assert.deepEqual(await send(ann, jane), delivered);
  assert.deepEqual(await send(joe, joe), delivered);
  assert.deepEqual(subjects("relayed"), []);
  assert.deepEqual(await send(joe, jane), delivered);
  assert.deepEqual(subjects("joe"), [`from ${ann} to ${joe}`, `from ${joe} to ${joe}`].map(String));
  assert.deepEqual(subjects("jane"), [`from ${ann} to ${jane}`, `from ${joe} to ${jane}`]);
  assert.deepEqual(subjects("relayed"), [`from ${joe} to ${jane}`]);
  assert.equal(server.directory.read("addresses"), `${joe} janes.husband@example.com\n`);

  await codes(client, `MAIL FROM:<${ann}>`);
  for (const stranger of ["bob@example.net", "joe@example.org"]) {
    const { code, enhanced, lines } = await client.command(`RCPT TO:<${stranger}>`);
    assert.deepEqual([code, enhanced, lines], [553, "5.1.1", ["unknown recipient"]]);
  }
});
