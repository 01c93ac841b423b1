/**
 * All that a milter of the real libmilter can be told, and all that it can do.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, on } from "postmaster";
import { alias, milter } from "postmaster/handlers";
import { Client } from "postmaster/testing";
import { needFile } from "../../need.ts";
import { isAlive, until } from "../../running.ts";
import { Obedient, type Rules } from "./obedient.ts";
import { asks, ENVELOPE, HELLO, sent, sentBy } from "./sessions.ts";

const NEEDED = needFile(
  "/usr/lib/python3/dist-packages/Milter/__init__.py",
  "apt-get install python3-milter",
);
const [EHLO, MAIL, JOE, DATA] = ENVELOPE;
const JANE = "RCPT TO:<jane@example.net>";

const SILENT = 0xff080; // no step is answered
const LEADING_SPACE = 0x100000, REFUSED = 0x800, SKIP = 0x400;

/** A test with a milter. */
function test(name: string, fn: (milter: Obedient) => Promise<void>): void {
  Deno.test({
    name,
    ...NEEDED,
    async fn() {
      await using obedient = await Obedient.start();
      await fn(obedient);
    },
  });
}

/** Sends a message with a milter that has these rules. */
function by(obedient: Obedient, rules: Rules, ...more: readonly (string | readonly string[])[]) {
  obedient.rules = rules;
  const [message, commands] = more as [string?, (readonly string[])?];
  return sent(asks({ address: obedient.address }), message, commands);
}

test("a milter is told of every step, in order, with its macros", async (obedient) => {
  const policy = chain(
    milter({ address: obedient.address, macros: { extra: "more", daemon_name: "MSA" } }),
    on("AddRcptTo", () => discard()),
  );
  const commands = [EHLO, `${MAIL} SIZE=100 BODY=8BITMIME`, JOE, JANE, DATA];
  const message = "Subject: one\r\n two\r\nX-Space:  a\r\n\r\nb\xf6dy\r\n";
  const { replies } = await sent(policy, message, commands, { user: "ann" });
  assert.equal(replies.at(-1), "250 2.0.0");
  await until("it is closed", () => obedient.steps.at(-1) === "close");
  const told = obedient.told;
  assert.deepEqual(
    told.map(({ macros: _, ...more }) => more),
    [
      { step: "negotiate", offered: [0x1ff, 0x1fffff] },
      { step: "connect", host: "unknown", family: 2, address: ["192.0.2.1", 45678] },
      { step: "helo", name: "client.example.org" },
      { step: "mail", address: "<ann@example.org>", args: ["SIZE=100", "BODY=8BITMIME"] },
      { step: "rcpt", address: "<joe@example.net>", args: [] },
      { step: "rcpt", address: "<jane@example.net>", args: [] },
      { step: "data" },
      { step: "header", name: "Subject", value: "one\n two" },
      { step: "header", name: "X-Space", value: "a" },
      { step: "eoh" },
      { step: "body", length: 6, text: "b\xf6dy\r\n" },
      { step: "eom" },
      { step: "close" },
    ],
  );
  const { i, ...rest } = told.find(({ step }) => step === "eom")!.macros;
  assert.match(i ?? "", /^MX/);
  assert.deepEqual(rest, {
    j: "mx.example.net",
    _: "unknown [192.0.2.1]",
    "{daemon_name}": "MSA",
    "{client_addr}": "192.0.2.1",
    "{client_name}": "unknown",
    "{auth_authen}": "ann",
    "{mail_addr}": "ann@example.org",
    "{mail_host}": "example.org",
    "{rcpt_addr}": "jane@example.net",
    "{rcpt_host}": "example.net",
    "{rcpt_mailer}": "discard",
    "{extra}": "more",
  });
});

test("a milter gets the macros that it wants, and only these", async (obedient) => {
  await by(obedient, { macros: { 0: ["j", "{daemon_name}"], 3: ["{rcpt_addr}"] } });
  const told = obedient.told;
  const macrosOf = (step: string) => told.find((one) => one.step === step)?.macros;
  assert.deepEqual(macrosOf("connect"), { j: "mx.example.net", "{daemon_name}": "mx.example.net" });
  const { i: _, ...atRecipient } = macrosOf("rcpt") ?? {};
  assert.equal(atRecipient["{rcpt_addr}"], "joe@example.net");
  assert.equal(atRecipient["{rcpt_host}"], undefined);
});

test("a milter need not answer, nor know of everything", async (obedient) => {
  const silent = await by(obedient, { steps: SILENT, eom: [["addheader", "X-Seen", "yes"]] });
  assert.equal(silent.message, HELLO.replace("\r\n\r\n", "\r\nX-Seen: yes\r\n\r\n"));
  assert.deepEqual(
    obedient.steps.filter((step) => step !== "header" && step !== "close"),
    ["negotiate", "connect", "helo", "mail", "rcpt", "data", "eoh", "body", "eom"],
  );
  const before = obedient.told.length;
  const deaf = await by(obedient, { steps: 0x27f, eom: [["addheader", "X-Seen", "yes"]] });
  assert.equal(deaf.message, HELLO.replace("\r\n\r\n", "\r\nX-Seen: yes\r\n\r\n"));
  const steps = obedient.steps.slice(before).filter((step) => step !== "close");
  assert.deepEqual(steps, ["negotiate", "eom"]);
});

test("a milter that wants it gets values with the space before them", async (obedient) => {
  const message = "A:  two\r\nB:none\r\nC:\r\n folded\r\n\r\nx\r\n";
  const eom = [["addheader", "D", "none"], ["addheader", "E", " one"]];
  const { message: arrived } = await by(obedient, { steps: LEADING_SPACE, eom }, message);
  assert.equal(arrived, "A:  two\r\nB:none\r\nC:\r\n folded\r\nD:none\r\nE: one\r\n\r\nx\r\n");
  assert.deepEqual(
    obedient.told.filter(({ step }) => step === "header").map(({ value }) => value),
    ["  two", "none", "\n folded"],
  );
});

test("a milter changes, adds, inserts and deletes fields of the header", async (obedient) => {
  const message = "X: 1\r\nY: 1\r\nx: 2\r\nX:\t3\r\n 4\r\nZ: 1\r\n\r\nbody\r\n";
  const arrived = async (...eom: readonly (readonly unknown[])[]) => {
    const { message: whole = "" } = await by(obedient, { eom }, message);
    return whole.replace(/\r\n\r\nbody\r\n$/, "").split("\r\n");
  };
  const rest = ["x: 2", "X:\t3", " 4", "Z: 1"];
  assert.deepEqual(await arrived(), ["X: 1", "Y: 1", ...rest]);
  assert.deepEqual(await arrived(["addheader", "N", "a\n b\nc\r\n\r\nd"]), [
    ...["X: 1", "Y: 1", ...rest, "N: a", " b", "\tc", "\td"],
  ]);
  assert.deepEqual(await arrived(["addheader", "N", "1", 0], ["addheader", "M", "1", 2]), [
    ...["N: 1", "X: 1", "M: 1", "Y: 1", ...rest],
  ]);
  assert.deepEqual(await arrived(["chgheader", "X", 2, "two"], ["chgheader", "z", 1, "new"]), [
    ...["X: 1", "Y: 1", "x: two", "X:\t3", " 4", "Z: new"],
  ]);
  // Fields that are deleted are counted as before, as by Sendmail.
  assert.deepEqual(await arrived(["chgheader", "X", 1, ""], ["chgheader", "X", 2, ""]), [
    ...["Y: 1", "X:\t3", " 4", "Z: 1"],
  ]);
  assert.deepEqual(await arrived(["chgheader", "New", 1, "1"], ["chgheader", "None", 1, ""]), [
    ...["X: 1", "Y: 1", ...rest, "New: 1"],
  ]);
});

test("a milter puts another body in the place of the first one", async (obedient) => {
  const text = `${"line\n".repeat(1000)}`;
  const { message = "" } = await by(obedient, { eom: [["body", text, 300]] });
  const [header, body] = message.split("\r\n\r\n");
  assert.equal(header, HELLO.split("\r\n\r\n")[0]);
  assert.equal(body?.length, 6 * 300_000);
  assert.ok(body === "line\r\n".repeat(300_000));
  const { message: mixed } = await by(obedient, {
    eom: [["body", "a\r\nb\nc\r", 1], ["body", "\nd", 1]],
  });
  assert.equal(mixed?.split("\r\n\r\n")[1], "a\r\nb\r\nc\r\nd");
});

test("a milter adds and deletes recipients", async (obedient) => {
  const commands = [EHLO, MAIL, JOE, JANE, DATA];
  const eom = [
    ["delrcpt", "<jane@example.net>"],
    ["addrcpt", "<new@example.net>"],
    ["addrcpt", "<quiet@example.net>", "NOTIFY=NEVER"],
    ["addrcpt", "<nobody@example.net>"],
    ["addrcpt", "<joe@example.net>"],
  ];
  const { recipients, replies } = await by(obedient, { eom }, HELLO, commands);
  assert.deepEqual(recipients, ["joe@example.net", "new@example.net", "quiet@example.net"]);
  assert.equal(replies.at(-1), "250 2.0.0");
  const none = await by(obedient, { eom: [["delrcpt", "<joe@example.net>"]] });
  assert.deepEqual([none.replies.at(-1), none.message], ["250 2.0.0", undefined]);
});

test("a milter changes the sender, and puts a message on hold", async (obedient) => {
  const changed = await by(obedient, { eom: [["chgfrom", "<new@example.org>"]] });
  assert.equal(changed.sender, "new@example.org");
  const bounce = await by(obedient, { eom: [["chgfrom", "<>"], ["quarantine", "too\x01odd"]] });
  assert.deepEqual([bounce.sender, bounce.hold], ["", "too odd"]);
});

test("a milter refuses at each step", async (obedient) => {
  const replies = async (rules: Rules) => (await by(obedient, rules)).replies;
  const [ok, sender, recipient] = ["250", "250 2.1.0", "250 2.1.5"];
  assert.deepEqual(await replies({ connect: "reject" }), ["554"]);
  assert.deepEqual(await replies({ connect: "tempfail" }), ["421"]);
  assert.deepEqual(await replies({ helo: "reject" }), ["220", "550"]);
  assert.deepEqual(await replies({ mail: "reject" }), ["220", ok, "550 5.7.1"]);
  assert.deepEqual(await replies({ mail: ["451", "4.7.1", "later"] }), ["220", ok, "451 4.7.1"]);
  assert.deepEqual(await replies({ rcpt: { joe: "tempfail" } }), [
    ...["220", ok, sender, "451 4.7.1", "503 5.5.1"],
  ]);
  const begin = ["220", ok, sender, recipient];
  assert.deepEqual(await replies({ data: "tempfail" }), [...begin, "451 4.7.1"]);
  for (const step of ["header", "eoh", "body", "end"]) {
    assert.deepEqual(await replies({ [step]: "reject" }), [...begin, "354", "550 5.7.1"], step);
    assert.deepEqual(await replies({ [step]: ["452", "4.3.1", "full"] }), [
      ...[...begin, "354", "452 4.3.1"],
    ]);
  }
  const many = await by(obedient, { end: ["554", "5.7.9", "100%% spam", "go\taway"] });
  assert.deepEqual(many.text.split("\n"), ["100% spam", "go?away"]);
  assert.equal(many.replies.at(-1), "554 5.7.9");
});

test("a milter that refuses a recipient takes the others", async (obedient) => {
  const commands = [EHLO, MAIL, JOE, JANE, DATA];
  const { recipients, replies } = await by(obedient, { rcpt: { joe: "reject" } }, HELLO, commands);
  assert.deepEqual(recipients, ["jane@example.net"]);
  assert.deepEqual(replies.slice(3, 5), ["550 5.7.1", "250 2.1.5"]);
  assert.deepEqual(obedient.steps.filter((step) => step === "eom").length, 1);
});

test("a milter accepts without looking on, or discards", async (obedient) => {
  for (const step of ["connect", "helo", "mail", "data", "header", "eoh", "body"]) {
    const before = obedient.told.length;
    const accepted = await by(obedient, { [step]: "accept", eom: [["addheader", "X", "1"]] });
    assert.equal(accepted.message, HELLO, step);
    const steps = obedient.steps.slice(before);
    assert.ok(steps.includes(step === "mail" ? "mail" : step) && !steps.includes("eom"), step);
  }
  for (const step of ["mail", "data", "header", "eoh", "body", "end"]) {
    const { replies, message } = await by(obedient, { [step]: "discard" });
    assert.deepEqual([replies.at(-1), message], ["250 2.0.0", undefined], step);
  }
  const rcpt = await by(obedient, { rcpt: { joe: "discard" } });
  assert.deepEqual([rcpt.replies.at(-1), rcpt.message], ["250 2.0.0", undefined]);
});

test("a milter has enough of a long body", async (obedient) => {
  const message = `${HELLO}${"x".repeat(70)}\r\n`.padEnd(1 << 20, `${"y".repeat(70)}\r\n`);
  const whole = `${message}\r\n`;
  const { message: arrived } = await by(obedient, { steps: SKIP, body: "skip" }, whole);
  assert.ok(arrived === whole);
  assert.equal(obedient.steps.filter((step) => step === "body").length, 1);
  const { message: all } = await by(obedient, {}, whole);
  assert.ok(all === whole);
  const lengths = obedient.told.filter(({ step }) => step === "body").slice(1)
    .map(({ length }) => Number(length));
  assert.equal(
    lengths.reduce((sum, one) => sum + one, 0),
    whole.split("\r\n\r\n").slice(1).join("\r\n\r\n").length,
  );
  assert.ok(Math.max(...lengths) <= 65_535);
});

test("a milter that still works has more time", async (obedient) => {
  const eom = Array.from({ length: 5 }, () => [["sleep", 0.3], ["progress"]]).flat();
  obedient.rules = { eom };
  const timeouts = { endOfMessage: "1 s" };
  const { replies } = await sent(asks({ address: obedient.address, timeouts }));
  assert.equal(replies.at(-1), "250 2.0.0");
  obedient.rules = { eom: [["sleep", 1.5]] };
  const late = await sent(asks({ address: obedient.address, timeouts }));
  assert.equal(late.replies.at(-1), "451 4.7.1");
});

test("a session has several messages, some of which end early", async (obedient) => {
  using client = Client.of(asks({ address: obedient.address }));
  await sentBy(client, HELLO, ENVELOPE, await client.reply());
  await client.command(MAIL);
  await client.command("RSET");
  await client.command("FOO bar");
  await client.command(MAIL);
  await client.command(JOE);
  await client.command(EHLO);
  const { message } = await sentBy(client, HELLO, [MAIL, JOE, DATA]);
  assert.equal(message, HELLO);
  client.hangUp();
  await until("it is closed", () => obedient.steps.at(-1) === "close");
  assert.deepEqual(obedient.steps.filter((step) => step !== "header"), [
    ...["negotiate", "connect", "helo", "mail", "rcpt", "data", "eoh", "body", "eom"],
    ...["mail", "abort", "unknown", "mail", "rcpt", "abort", "helo"],
    ...["mail", "rcpt", "data", "eoh", "body", "eom", "close"],
  ]);
});

test("a milter is told of recipients that are refused only if it wants", async (obedient) => {
  const commands = [EHLO, MAIL, "RCPT TO:<nobody@example.net>", JOE, DATA];
  const { replies } = await by(
    obedient,
    { steps: REFUSED, rcpt: { nobody: "accept" } },
    HELLO,
    commands,
  );
  assert.equal(replies[3], "550 5.1.1");
  const [refused] = obedient.told.filter(({ step }) => step === "rcpt");
  assert.deepEqual([refused?.macros["{rcpt_mailer}"], refused?.macros["{rcpt_host}"]], [
    ...["error", "5.1.1"],
  ]);
  assert.match(refused?.macros["{rcpt_addr}"] ?? "", /^550 no such user/);
  const before = obedient.told.length;
  await by(obedient, {}, HELLO, commands);
  const told = obedient.told.slice(before).filter(({ step }) => step === "rcpt");
  assert.deepEqual(told.map(({ address }) => address), ["<joe@example.net>"]);
});

test("a milter is told of a recipient once, by the name that the client has used", async (obedient) => {
  const aliases = alias({ "staff@example.net": ["joe@example.net", "jane@example.net"] });
  const asked = milter({ address: obedient.address });
  for (const order of [[aliases, asked], [asked, aliases]]) {
    const before = obedient.told.length;
    obedient.rules = {
      eom: [["delrcpt", "<staff@example.net>"], ["addrcpt", "<new@example.net>"]],
    };
    const policy = chain(...order, on("AddRcptTo", () => discard()));
    const commands = [EHLO, MAIL, "RCPT TO:<staff@example.net>", DATA];
    const { recipients } = await sent(policy, HELLO, commands);
    assert.deepEqual(recipients, ["new@example.net"]);
    const told = obedient.told.slice(before).filter(({ step }) => step === "rcpt");
    assert.deepEqual(told.map(({ address }) => address), ["<staff@example.net>"]);
  }
});

test("a milter is told of clients by IPv6 and Unix sockets", async (obedient) => {
  const peers = [{ address: "2001:db8::1", port: 1234 }, { address: "unix", port: 0 }];
  for (const peer of peers) {
    const { replies } = await sent(asks({ address: obedient.address }), HELLO, ENVELOPE, { peer });
    assert.equal(replies.at(-1), "250 2.0.0");
  }
  const told = obedient.told.filter(({ step }) => step === "connect");
  assert.deepEqual(told.map(({ host, address }) => [host, address]), [
    ["unknown", ["2001:db8::1", 1234, 0, 0]],
    ["localhost", "192.0.2.25:25"],
  ]);
});

test("a milter that fails is told of once", async (obedient) => {
  const warned: string[] = [];
  using client = Client.of(asks({ address: obedient.address }), {
    log: (event, fields) => {
      if (event === "handler warns" && "text" in fields) warned.push(String(fields.text));
    },
  });
  await client.reply();
  for (const command of [EHLO, MAIL, JOE]) await client.command(command);
  obedient.kill("SIGKILL");
  await until("it is gone", () => !isAlive(obedient.pid));
  assert.equal((await client.command(DATA)).code, 451);
  await client.command("RSET");
  assert.deepEqual(warned, ["a milter fails"]);
});
