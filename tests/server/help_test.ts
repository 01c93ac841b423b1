/**
 * HELP: the commands that are there in a session.
 *
 * @module
 */
import assert from "node:assert/strict";
import { on, say } from "postmaster";
import { Client } from "postmaster/testing";
import { Extensions } from "../../src/server/extension.ts";
import { extensionsOn } from "../../src/server/extensions.ts";
import { NOT_OFFERED } from "../../src/server/queue_extensions.ts";
import { RULES } from "../../src/server/commands.ts";
import { help } from "../../src/server/help.ts";
import { DEFAULT_LIMITS } from "../../src/server/limits.ts";
import { PLAIN } from "../../src/auth/plain.ts";
import { need } from "../need.ts";
import { codes, type Directory, Running } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";
import { onlyJoe } from "./policy.ts";

/** The verbs of a list. */
const verbsIn = (lines: readonly string[]): string[] => lines.slice(0, -1).join(" ").split(" ");

Deno.test("HELP lists what a server without extensions of its own has, and no more", async () => {
  using client = Client.of(onlyJoe);
  await client.reply();
  const { code, lines } = await client.command("HELP");
  assert.equal(code, 214);
  assert.deepEqual(verbsIn(lines), [
    ...["HELO", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "HELP", "VRFY", "QUIT", "BDAT"],
  ]);
});

Deno.test("HELP says how a command is written, and which parameters it may have here", async () => {
  using client = Client.of(onlyJoe);
  await client.reply();
  const said = async (topic: string) => {
    const { code, lines } = await client.command(`HELP ${topic}`);
    return [code, ...lines];
  };
  const [code, first, second] = await said("mail FROM");
  assert.equal(code, 214);
  assert.match(`${second}`, /^parameters: (\w+ )*SIZE\b/);
  assert.match(`${first}`, /^MAIL FROM:<sender> \[parameters\]: /);
  assert.deepEqual((await said("NOOP")).length, 2);
  for (const unknown of ["STARTTLS", "AUTH", "ETRN", "XYZZY", "<>", "__proto__", "toString"]) {
    assert.equal((await said(unknown))[0], 504, unknown);
  }
});

Deno.test("HELP has LHLO in place of HELO and EHLO where LMTP is spoken", async () => {
  using client = Client.of(onlyJoe, { kind: "lmtp" });
  await client.reply();
  const verbs = verbsIn((await client.command("HELP")).lines);
  assert.ok(verbs.includes("LHLO") && !verbs.includes("EHLO") && !verbs.includes("HELO"));
  assert.deepEqual(await codes(client, "HELP lhlo", "HELP EHLO"), [214, 504]);
});

Deno.test("each command has a line of help that begins with its verb", () => {
  const policy = on("StartQueue", () => say(2, 5, 0, "ok"));
  const authentication = { mechanisms: [PLAIN], clearText: true } as never;
  const hold = { longest: 1, now: () => 0 };
  const table = [
    ...extensionsOn({
      certificates: { ready: true },
      authentication,
      policy,
      hold,
      requireTls: true,
    }),
    ...NOT_OFFERED,
  ];
  const all = [
    ...Object.entries(RULES),
    ...table.flatMap(({ commands = {} }) => Object.entries(commands)),
  ];
  for (const [verb, { help }] of all) {
    assert.match(help, new RegExp(`^${verb}\\b[ -~]*: [ -~]+$`));
    assert.ok(help.length <= 90, help);
  }
});

Deno.test("lists of commands and parameters are in lines of a good length", () => {
  const names = Array.from({ length: 200 }, (_, i) => `XCOMMAND${i}`);
  const commands = Object.fromEntries(
    names.map((name) => [name, { help: name, event: () => ({ type: "ResetState" }) as const }]),
  );
  const parameters = Object.fromEntries(
    names.map((name) => [name, { octets: 10, read: () => undefined }]),
  );
  const about = { name: "X", rfc: [], where: "", seen: "", test: "" };
  const extensions = new Extensions([
    { about, line: () => "X", commands, parameters: { RCPT: parameters } },
  ]);
  const session = { listener: { address: "x", kind: "smtp" } } as never;
  for (const topic of ["", "RCPT"]) {
    const { lines } = help(topic, session, extensions, DEFAULT_LIMITS);
    assert.ok(lines.every((line) => line.length <= 80), lines.join("\n"));
    for (const name of names) assert.ok(lines.join(" ").split(" ").includes(name));
  }
});

Deno.test(
  "HELP of a running server has STARTTLS in clear text, and AUTH where it is offered",
  need("openssl"),
  async () => {
    await using server = await Running.start((directory: Directory) => ({
      tls: selfSigned(directory, ["mx.example.net"]),
      auth: { passwords: { file: directory.write("users", "") } },
      listen: [
        { address: "127.0.0.1:0", kind: "submission" },
        { address: "127.0.0.1:0", kind: "submissions" },
      ],
    }));
    const helped = async (client: Client) => verbsIn((await client.command("HELP")).lines);
    using clear = await server.connect();
    const inClear = await helped(clear);
    assert.ok(inClear.includes("STARTTLS") && !inClear.includes("AUTH"), `${inClear}`);
    using encrypted = await server.connect(server.addresses[1], { rejectUnauthorized: false });
    const inTls = await helped(encrypted);
    assert.ok(!inTls.includes("STARTTLS") && inTls.includes("AUTH"), `${inTls}`);
    assert.match((await encrypted.command("HELP AUTH")).lines[0] ?? "", /^AUTH mechanism/);
  },
);
