/**
 * The extensions of servers with a queue, and those that no server offers yet, at an engine that does.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, type Handler, on, readParameter, type Route } from "postmaster";
import { alias, archive } from "postmaster/handlers";
import { Client, type ClientOptions, ENCRYPTED } from "postmaster/testing";
import { Extensions } from "../../src/server/extension.ts";
import { extensionsOn } from "../../src/server/extensions.ts";
import { DEFAULT_LIMITS } from "../../src/server/limits.ts";
import { NOT_OFFERED } from "../../src/server/queue_extensions.ts";
import { codes } from "../running.ts";

const NOW = Date.parse("2026-11-28T18:00:00Z");
const HOUR = 3600;

const extensions = new Extensions([
  ...extensionsOn({ hold: { longest: 24 * HOUR, now: () => NOW }, requireTls: true }),
  ...NOT_OFFERED,
]);

/** A client of a server that offers all of them. */
async function greeted(policy: Handler, options: ClientOptions = {}): Promise<Client> {
  const client = Client.of(policy, { ...options, extensions } as ClientOptions);
  await client.reply();
  await client.command("EHLO c.example");
  return client;
}

const anyone = on("AddRcptTo", () => discard());

/** The replies to MAIL with each of these parameters, each in a transaction of its own. */
async function mail(client: Client, ...parameters: readonly string[]): Promise<number[]> {
  const replies = [];
  for (const each of parameters) {
    const [code] = await codes(client, `MAIL FROM:<joe@example.org> ${each}`, "RSET");
    replies.push(code!);
  }
  return replies;
}

const rcpt = (client: Client, ...parameters: readonly string[]): Promise<number[]> =>
  codes(client, ...parameters.map((each) => `RCPT TO:<joe@example.net> ${each}`));

const times = <T>(n: number, value: T): T[] => Array(n).fill(value);

Deno.test("a server without a queue offers nothing that only a queue keeps", async () => {
  const client = Client.of(anyone);
  await client.reply();
  const { lines } = await client.command("EHLO c.example");
  for (const name of ["DSN", "MT-PRIORITY", "FUTURERELEASE", "DELIVERBY", "REQUIRETLS"]) {
    assert.ok(!lines.some((line) => line.startsWith(name)), name);
  }
  const offered = ["RET=HDRS", "ENVID=a", "MT-PRIORITY=1", "HOLDFOR=1", "BY=1;R", "REQUIRETLS"];
  assert.deepEqual(await mail(client, ...offered), times(offered.length, 555));
  assert.deepEqual(await codes(client, "MAIL FROM:<>"), [250]);
  assert.deepEqual(await rcpt(client, "NOTIFY=NEVER", "ORCPT=rfc822;a@b"), [555, 555]);
});

Deno.test("DSN: parameters of MAIL are values for handlers (RFC 3461)", async () => {
  const seen: unknown[] = [];
  const client = await greeted(on("SetMailFrom", ({ parameters }, next) => {
    seen.push([readParameter(parameters, "RET"), readParameter(parameters, "ENVID")]);
    return next();
  }));
  const good = ["RET=hdrs ENVID=QQ314159+2B+20x", "ret=FULL", "", `ENVID=${"+2B".repeat(100)}`];
  assert.deepEqual(await mail(client, ...good), times(4, 250));
  assert.deepEqual(seen, [
    ["HDRS", "QQ314159+ x"],
    ["FULL", undefined],
    [undefined, undefined],
    [undefined, "+".repeat(100)],
  ]);
  const bad = [
    ...["RET", "RET=ALL", "RET=FULL RET=FULL", "ENVID", `ENVID=${"a".repeat(101)}`, "ENVID=a+b"],
    ...["ENVID=+0D+0ARSET", "ENVID=a+00", "ENVID=+2b", "ENVID=+7F", "ENVID=+C3+A9", "ENVID=+0A"],
  ];
  assert.deepEqual(await mail(client, ...bad), times(bad.length, 501));
  assert.deepEqual(await mail(client, "NOTIFY=NEVER"), [555]);
});

Deno.test("DSN: parameters of RCPT are values, and routes keep them", async () => {
  let routes: readonly Route[] = [];
  const client = await greeted(chain(
    on("Deliver", (event, next) => (routes = event.routes, next())),
    anyone,
  ));
  await codes(client, "MAIL FROM:<joe@example.org>");
  const good = [
    "NOTIFY=NEVER",
    "NOTIFY=success,Delay ORCPT=rfc822;Jane+2BDoe@example.com",
    "ORCPT=x400;/S+3DDoe/+2BX",
    "ORCPT=utf-8;J\\x{F6}rg@ex\\x{E9}.example",
    "ORCPT=RFC822;root",
  ];
  assert.deepEqual(await rcpt(client, ...good), times(good.length, 250));
  const bad = [
    ...["NOTIFY", "NOTIFY=NEVER,SUCCESS", "NOTIFY=DELAY,DELAY", "NOTIFY=ALWAYS", "NOTIFY=DELAY,"],
    ...[
      "ORCPT",
      "ORCPT=joe@example.net",
      "ORCPT=;joe@example.net",
      "ORCPT=rfc822;joe@",
      "ORCPT=a@b;c",
    ],
    ...["ORCPT=rfc822;joe+0D+0A@a", "ORCPT=x400;+0A", "ORCPT=x400;a+00", "ORCPT=rfc822;+E9@a"],
    ...["ORCPT=utf-8;a\\x{0D}@b", "ORCPT=utf-8;a\\x{85}@b", "ORCPT=utf-8;a\\x{D800}@b"],
    ...["ORCPT=utf-8;a\\x{110000}@b", "ORCPT=utf-8;a\\x{61}@b", "ORCPT=utf-8;a+2B@b"],
  ];
  assert.deepEqual(await rcpt(client, ...bad), times(bad.length, 501));
  assert.deepEqual(await rcpt(client, "RET=FULL"), [555]);
  await codes(client, "DATA", ".");
  const kept = routes.map(({ parameters = new Map() }) => [
    readParameter(parameters, "NOTIFY"),
    readParameter(parameters, "ORCPT"),
  ]);
  assert.deepEqual(kept, [
    [[], undefined],
    [["SUCCESS", "DELAY"], { type: "rfc822", address: "Jane+Doe@example.com" }],
    [undefined, { type: "x400", address: "/S=Doe/+X" }],
    [undefined, { type: "utf-8", address: "Jörg@exé.example" }],
    [undefined, { type: "rfc822", address: "root" }],
  ]);
});

Deno.test("DSN: an address in UTF-8 is there as it is with SMTPUTF8, else in ASCII (RFC 6533)", async () => {
  const client = await greeted(anyone);
  const [plain, encoded] = ["ORCPT=utf-8;jörg@bücher.example", "ORCPT=utf-8;j\\x{F6}rg@x.example"];
  await codes(client, "MAIL FROM:<>");
  assert.deepEqual(await rcpt(client, plain, encoded), [553, 250]);
  await codes(client, "RSET", "MAIL FROM:<> SMTPUTF8");
  assert.deepEqual(await rcpt(client, plain, encoded), [250, 250]);
  assert.deepEqual(await rcpt(client, "ORCPT=rfc822;jörg@a", "NOTIFY=ſUCCESS"), [501, 501]);
});

Deno.test("DSN: the routes of an alias have the parameters of their RCPT", async () => {
  let routes: readonly Route[] = [];
  const asked: unknown[] = [];
  const client = await greeted(chain(
    archive({ to: "archive@example.net" }),
    on("Deliver", (event, next) => (routes = event.routes, next())),
    on("AddRcptTo", ({ parameters }, next, session) => {
      asked.push([session.depth, readParameter(parameters, "NOTIFY")]);
      return next();
    }),
    alias({ "sales@example.net": ["joe@example.net", "jane@example.net"] }),
    anyone,
  ));
  await codes(client, "MAIL FROM:<joe@example.org>");
  const commands = [
    "RCPT TO:<sales@example.net> NOTIFY=FAILURE ORCPT=rfc822;sales@example.net",
    "RCPT TO:<jane@example.net> NOTIFY=NEVER",
    "RCPT TO:<joe@example.net> NOTIFY=DELAY",
  ];
  assert.deepEqual(await codes(client, ...commands, "DATA", "."), [250, 250, 250, 354, 250]);
  assert.deepEqual(
    routes.map(({ recipient, original, copy, parameters }) => [
      `${recipient} ${original} ${copy}`,
      parameters && readParameter(parameters, "NOTIFY"),
    ]),
    [
      ["joe@example.net sales@example.net undefined", ["FAILURE"]],
      ["jane@example.net sales@example.net undefined", ["FAILURE"]],
      ["jane@example.net jane@example.net undefined", []],
      ["joe@example.net joe@example.net undefined", ["DELAY"]],
      ["archive@example.net undefined true", undefined],
    ],
  );
  assert.deepEqual(asked.slice(0, 3), [[0, ["FAILURE"]], [1, ["FAILURE"]], [1, ["FAILURE"]]]);
});

Deno.test("lines are longer by what the parameters need", async () => {
  const envelopeId = "+2B".repeat(100);
  const recipient = `joe+2B${"x".repeat(200)}@example.net`;
  const long = [
    `MAIL FROM:<${"a".repeat(240)}@example.net> BODY=8BITMIME RET=HDRS ENVID=${envelopeId}`,
    `RCPT TO:<${
      "a".repeat(240)
    }@example.net> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;${recipient}`,
  ];
  assert.deepEqual(await codes(await greeted(anyone), ...long), [250, 250]);
  const tooLong = (verb: string, line: string) =>
    line.padEnd(extensions.lineLength(verb, DEFAULT_LIMITS.commandLength) - 1);
  assert.deepEqual(
    await codes(
      await greeted(anyone),
      tooLong("MAIL", long[0]!),
      long[0]!,
      tooLong("RCPT", long[1]!),
    ),
    [500, 250, 500],
  );
});

Deno.test("MT-PRIORITY is from -9 to 9 (RFC 6710)", async () => {
  const seen: unknown[] = [];
  const client = await greeted(on("SetMailFrom", ({ parameters }, next) => {
    seen.push(readParameter(parameters, "MT-PRIORITY"));
    return next();
  }));
  const values = Array.from({ length: 19 }, (_, i) => i - 9);
  const good = values.map((value) => `MT-PRIORITY=${value}`);
  assert.deepEqual(await mail(client, ...good), times(19, 250));
  assert.deepEqual(seen, values);
  const bad = ["", "=10", "=-10", "=+1", "=-0", "=01", "=1.5", "=x"].map((v) => `MT-PRIORITY${v}`);
  assert.deepEqual(await mail(client, ...bad), times(bad.length, 501));
});

Deno.test("DELIVERBY: BY has seconds, a mode and perhaps a trace (RFC 2852)", async () => {
  const seen: unknown[] = [];
  const client = await greeted(on("SetMailFrom", ({ parameters }, next) => {
    seen.push(readParameter(parameters, "BY"));
    return next();
  }));
  const good = ["BY=120;R", "BY=+0000001;rt", "BY=-999999999;N", "BY=0;NT"];
  assert.deepEqual(await mail(client, ...good), times(4, 250));
  assert.deepEqual(seen, [
    { seconds: 120, late: "return", trace: false },
    { seconds: 1, late: "return", trace: true },
    { seconds: -999999999, late: "notify", trace: false },
    { seconds: 0, late: "notify", trace: true },
  ]);
  const bad = ["", "=", "=120", "=120;", "=120;X", "=120;TR", "=1234567890;N", "=1.5;N", "=--1;N"];
  const late = ["=0;R", "=-1;R", "=-1;RT", "=120;RTT", "=;R", "=120;R;T"];
  for (const value of [...bad, ...late]) {
    assert.deepEqual(await mail(client, `BY${value}`), [501], value);
  }
});

Deno.test("FUTURERELEASE: a message is held for some time or until a time (RFC 4865)", async () => {
  const seen: unknown[] = [];
  const policy = on("SetMailFrom", ({ parameters }, next) => {
    seen.push(readParameter(parameters, "HOLDFOR") ?? readParameter(parameters, "HOLDUNTIL"));
    return next();
  });
  const client = Client.of(
    policy,
    { kind: "submission", user: "joe", extensions } as ClientOptions,
  );
  await client.reply();
  const { lines } = await client.command("EHLO c.example");
  assert.ok(lines.includes("FUTURERELEASE 86400 2026-11-29T18:00:00Z"));
  const good = ["HOLDFOR=86400", "HOLDFOR=0", "HOLDUNTIL=2026-11-29T18:00:00Z"];
  const zoned = ["HOLDUNTIL=2026-11-28T19:00:01+01:00", "holduntil=2026-11-29t00:00:00.5z"];
  assert.deepEqual(await mail(client, ...good, ...zoned), times(5, 250));
  assert.deepEqual(seen, [
    ...[86400, 0, new Date("2026-11-29T18:00:00Z")],
    ...[new Date("2026-11-28T18:00:01Z"), new Date("2026-11-29T00:00:00.500Z")],
  ]);
  const bad = [
    ...["HOLDFOR", "HOLDFOR=86401", "HOLDFOR=-1", "HOLDFOR=1h", "HOLDFOR=0000000001"],
    ...["HOLDUNTIL", "HOLDUNTIL=2026-11-29", "HOLDUNTIL=2026-11-31T10:00:00Z"],
    ...["HOLDUNTIL=2026-11-29T18:00:01Z", "HOLDUNTIL=2026-11-28T17:59:59Z"],
    ...["HOLDUNTIL=2026-11-28T18:00:00", "HOLDUNTIL=1795975200"],
    "HOLDFOR=60 HOLDUNTIL=2026-11-28T18:01:00Z",
    ...["HOLDFOR=60 BY=60;N", "BY=59;R HOLDFOR=60", "HOLDUNTIL=2026-11-28T18:01:00Z BY=60;R"],
  ];
  for (const each of bad) assert.deepEqual(await mail(client, each), [501], each);
  const both = ["HOLDFOR=60 BY=61;R", "BY=61;N HOLDUNTIL=2026-11-28T18:01:00Z", "BY=-5;N"];
  assert.deepEqual(await mail(client, ...both), times(3, 250));
});

Deno.test("FUTURERELEASE is for those who submit messages", async () => {
  const client = await greeted(anyone);
  assert.deepEqual(await mail(client, "HOLDFOR=60"), [555]);
});

Deno.test("REQUIRETLS is there over TLS only, and takes no value (RFC 8689)", async () => {
  const clear = await greeted(anyone);
  assert.deepEqual(await mail(clear, "REQUIRETLS"), [555]);
  const encrypted = await greeted(anyone, { tls: ENCRYPTED });
  assert.deepEqual(await mail(encrypted, "REQUIRETLS", "REQUIRETLS=yes"), [250, 501]);
  assert.deepEqual(await codes(encrypted, "MAIL FROM:<> REQUIRETLS"), [250]);
  assert.deepEqual(await rcpt(encrypted, "REQUIRETLS"), [555]);
});
