import assert from "node:assert/strict";
import { type ClientTraits, Extensions } from "../../src/server/extension.ts";
import { extensionsOn } from "../../src/server/extensions.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/server/limits.ts";
import { PLAIN } from "../../src/auth/plain.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { discard, on, readParameter } from "postmaster";
import { Client } from "postmaster/testing";
import { codes } from "../running.ts";
import { parseParameters } from "../../src/smtp/parameters.ts";

const SESSION = {
  peer: { address: "192.0.2.1", port: 45678 },
  tls: undefined,
  user: undefined,
  named: false,
  listener: { address: "192.0.2.25:25", kind: "smtp" },
} as const;
/** Those of a server without certificates and authentication. */
const EXTENSIONS = new Extensions(extensionsOn({}));
const LIMITS = { ...DEFAULT_LIMITS, messageSize: 52428800, commandLength: 512 };

/** What is said of the parameters of a MAIL, or of a RCPT: a code, a limit or nothing. */
function judged(
  text: string,
  verb: "MAIL" | "RCPT" = "MAIL",
  extensions = EXTENSIONS,
  session: ClientTraits = SESSION,
): number | string | undefined {
  const parameters = parseParameters(text, 0);
  assert.ok(!("fault" in parameters), text);
  const command = { verb, mailbox: Mailbox.parse("joe@example.net"), parameters };
  const fault = extensions.faultIn(command, session, LIMITS);
  return fault?.type === "SyntaxErrorIn"
    ? fault.fault.code
    : fault?.type === "LimitExceeded"
    ? fault.limit
    : fault?.type;
}

Deno.test("SIZE takes numbers only, and no message that is too large (RFC 1870)", () => {
  for (const good of ["", " SIZE=0", " size=52428800"]) assert.equal(judged(good), undefined, good);
  for (const large of [" SIZE=52428801", ` SIZE=${"9".repeat(20)}`]) {
    assert.equal(judged(large), "message-size", large);
  }
  assert.equal(judged(" SIZE"), 501);
  for (const bad of ["-1", "+1", "0x10", "1e3", "1.5", "ten", "9".repeat(21)]) {
    assert.equal(judged(` SIZE=${bad}`), 501, bad);
  }
});

Deno.test("AUTH takes a mailbox in xtext, or that the client does not say (RFC 4954)", () => {
  const authentication = { mechanisms: [PLAIN], listeners: ["smtp"], clearLoopback: true } as const;
  const table = new Extensions(extensionsOn({ authentication }));
  const local = { ...SESSION, peer: { address: "127.0.0.1", port: 1 } };
  for (const good of ["<>", "joe@example.net", "joe+2Bx@example.net"]) {
    assert.equal(judged(` AUTH=${good}`, "MAIL", table, local), undefined, good);
    assert.equal(judged(` AUTH=${good}`, "MAIL", table), 555, good);
  }
  for (const bad of ["", "=+", "=joe+2b@a", "=joe+0D+0ARSET", "=joe+00", "=joe+E4@a"]) {
    assert.equal(judged(` AUTH${bad}`, "MAIL", table, local), 501, bad);
  }
});

Deno.test("BODY takes the values of 8BITMIME (RFC 6152)", () => {
  for (const good of [" BODY=7BIT", " BODY=8bitmime"]) assert.equal(judged(good), undefined, good);
  for (const bad of [" BODY", " BODY=BINARYMIME", " BODY=7BITS", " BODY=x7BIT"]) {
    assert.equal(judged(bad), 504, bad);
  }
});

Deno.test("a parameter of no extension, or of another command, is not recognized", () => {
  assert.equal(judged(" X-1=2"), 555);
  assert.equal(judged(" SIZE=1", "RCPT"), 555);
});

Deno.test("handlers read parameters by name, as values", () => {
  const parameters = new Map([["SIZE", "12"], ["BODY", "8bitMime"], ["AUTH", "joe+2Bx@a"]]);
  assert.equal(readParameter(parameters, "SIZE"), 12);
  assert.equal(readParameter(parameters, "BODY"), "8BITMIME");
  assert.equal(readParameter(parameters, "AUTH"), "joe+x@a");
  assert.equal(readParameter(new Map([["AUTH", "<>"]]), "AUTH"), null);
  assert.equal(readParameter(parameters, "REQUIRETLS"), undefined);
  assert.throws(() => readParameter(new Map([["SIZE", "many"]]), "SIZE"), TypeError);
});

Deno.test("EHLO tells of each extension, and parameters make lines longer by what they need", () => {
  assert.deepEqual(EXTENSIONS.linesFor(SESSION, LIMITS), [
    ...["PIPELINING", "SIZE 52428800", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8"],
    ...["CHUNKING", "LIMITS MAILMAX=10000 RCPTMAX=1000", "HELP"],
  ]);
  assert.equal(EXTENSIONS.lineLength("RCPT", 512), 512);
  assert.equal(EXTENSIONS.lineLength("MAIL", 512), 512 + 26 + 17 + 10);
  assert.equal(EXTENSIONS.lineLength(undefined, 512), 512 + 26 + 17 + 10);
});

Deno.test("LIMITS tells what the engine keeps to, and nothing that is larger than it can say (RFC 9422)", async () => {
  const tells = (limits: Partial<Limits>) =>
    EXTENSIONS.linesFor(SESSION, { ...LIMITS, ...limits }).filter((line) => /^LIMITS/.test(line));
  assert.deepEqual(tells({ recipients: 1_000_000 }), ["LIMITS MAILMAX=10000"]);
  assert.deepEqual(tells({ messagesPerConnection: 1e9, recipients: 999_999 }), [
    "LIMITS RCPTMAX=999999",
  ]);
  assert.deepEqual(tells({ messagesPerConnection: 1e6, recipients: 1e6 }), []);

  const limits = { messagesPerConnection: 2, recipients: 3 };
  const client = Client.of(on("AddRcptTo", () => discard()), { limits });
  await client.reply();
  const { lines } = await client.command("EHLO c.example");
  assert.ok(lines.includes("LIMITS MAILMAX=2 RCPTMAX=3"));
  const rcpts = ["a", "b", "c"].map((user) => `RCPT TO:<${user}@example.net>`);
  const message = ["MAIL FROM:<>", ...rcpts, "DATA", "."];
  assert.deepEqual(await codes(client, ...message), [250, 250, 250, 250, 354, 250]);
  assert.deepEqual(await codes(client, "MAIL FROM:<>", ...rcpts, rcpts[0]!), [
    ...[250, 250, 250, 250, 452],
  ]);
  assert.deepEqual(await codes(client, "DATA", ".", "MAIL FROM:<>"), [354, 250, 421]);
});
