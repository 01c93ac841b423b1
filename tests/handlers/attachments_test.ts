import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { strToU8, type Zippable, zipSync } from "fflate";
import { chain, discard, on } from "postmaster";
import { attachments, type AttachmentsOptions } from "postmaster/handlers";
import { readyMade } from "../../handlers/registry.ts";
import { Client } from "postmaster/testing";
import { Running, sendMail } from "../running.ts";
import { lines } from "./rewrite_samples.ts";

const everybody = on("AddRcptTo", ({ mailbox }) => ({
  code: 250,
  lines: ["ok"],
  routes: [{ recipient: mailbox, target: discard() }],
}));

/** The reply to a message. */
async function replyTo(message: string, options: AttachmentsOptions): Promise<string> {
  using client = Client.of(chain(attachments(options), everybody));
  await client.reply();
  const envelope = ["EHLO x.example", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>"];
  for (const line of [...envelope, "DATA"]) await client.command(line);
  const { code, enhanced, lines } = await client.command(`${message}\r\n.`);
  return `${code} ${enhanced} ${lines.join(" ")}`;
}

const NAMES: AttachmentsOptions = { names: ["*.exe", "*.js"] };

const isRefused = async (message: string, options = NAMES): Promise<boolean> => {
  const reply = await replyTo(message, options);
  assert.match(reply, /^(550 5\.7\.1|250 2\.0\.0) /);
  return reply.startsWith("550");
};

const mixed = (...parts: readonly string[]): string =>
  lines(
    "Subject: x",
    'Content-Type: multipart/mixed; boundary="=_b"',
    "",
    ...parts.flatMap((part) => ["--=_b", part]),
    "--=_b--",
    "",
  );

const TEXT = lines("Content-Type: text/plain", "", "hello");
const file = (disposition: string): string =>
  lines("Content-Type: application/octet-stream", `Content-Disposition: ${disposition}`, "", "x");

Deno.test("attachments() refuses files by their names, and says which", async () => {
  const message = mixed(TEXT, file('attachment; filename="Setup.EXE"'));
  assert.equal(await replyTo(message, NAMES), "550 5.7.1 this is not accepted here: Setup.EXE");
  const reply = "no programs, please";
  assert.equal(await replyTo(message, { ...NAMES, reply }), `550 5.7.1 ${reply}`);
  assert.equal(await isRefused(message, { names: "setup*" }), true);
  assert.equal(await isRefused(message, { names: "*t*p.e*" }), true);
  for (const names of ["*.ex", "exe", "s*.x", "*pt*"]) {
    assert.equal(await isRefused(message, { names }), false, names);
  }
  assert.equal(await isRefused(mixed(TEXT, file("attachment; filename=a.pdf"))), false);
  assert.equal(await isRefused(mixed(TEXT, "\r\nthere is no x.exe here")), false);
});

/** Parts that some program shows as x.exe or a.js. */
const DISGUISED: Readonly<Record<string, string>> = {
  "RFC 2231": file("attachment; filename*=utf-8''x%2Eexe"),
  "RFC 2231 in pieces": file("attachment; filename*0*=utf-8''x%2E; filename*1=exe"),
  "an encoded word": file('attachment; filename="=?utf-8?B?eC5leGU=?="'),
  "encoded words": file('attachment; filename="=?utf-8?q?x=2Ee?=\r\n =?utf-8?q?xe?="'),
  "a dot behind": file('attachment; filename="x.exe."'),
  "spaces behind": file('attachment; filename="x.exe  . "'),
  "a line end behind": file("attachment; filename*=utf-8''x.exe%0D%0A"),
  "a NUL inside": file("attachment; filename*=utf-8''x.exe%00.txt"),
  "a line end inside": file("attachment; filename*=utf-8''x.exe%0A.txt"),
  "a folded name": file('attachment; filename="x.\r\n exe"').replace(".\r\n exe", ".e\r\n\txe"),
  "characters that nobody sees": file("attachment; filename*=utf-8''x.%E2%80%8Bexe"),
  "letters of full width": file("attachment; filename*=utf-8''x.%EF%BD%85xe"),
  "folders": file('attachment; filename="C:\\\\tmp\\\\x.exe"'),
  "two names": file("attachment; filename=a.txt; filename=x.exe"),
  "two fields": file("attachment; filename=a.txt\r\nContent-Disposition: inline; filename=x.exe"),
  "two types": lines("Content-Type: text/plain", "Content-Type: text/plain; name=x.exe", "", "x"),
  "a name in the type": lines('Content-Type: text/plain; name="x.exe"', "", "x"),
  "a name in the type beside another": file("attachment; filename=a.txt").replace(
    "octet-stream",
    "octet-stream; name=x.exe",
  ),
  "no quote at the end": file('attachment; filename="x.exe'),
  "a header without a body": "Content-Disposition: attachment; filename=x.exe",
  "a message": lines("Content-Type: message/rfc822", "", mixed(TEXT, file("x; filename=x.exe"))),
  "a message in base64": lines(
    "Content-Type: message/rfc822",
    "Content-Transfer-Encoding: base64",
    "",
    Buffer.from(file("x; filename=a.js")).toString("base64").replace(/.{5}/g, "$&\r\n \r\n"),
  ),
  "a multipart in base64": lines(
    "Content-Type: multipart/mixed; boundary=i",
    "Content-Transfer-Encoding: base64",
    "",
    Buffer.from(`--i\r\n${file("x; filename=a.js")}\r\n--i--`).toString("base64"),
  ),
  "a multipart with two boundaries": lines(
    "Content-Type: multipart/mixed; boundary=i; boundary=j",
    "",
    "--j",
    file("x; filename=a.js"),
  ),
  "a multipart behind its end": lines(
    "Content-Type: multipart/mixed; boundary=i",
    "",
    "--i--",
    "--i",
    file("x; filename=a.js"),
  ),
  "a text and multipart": lines(
    "Content-Type: text/plain",
    "Content-Type: multipart/mixed; boundary=i",
    "",
    "--i",
    file("x; filename=a.js"),
  ),
  "a boundary with more behind it": lines(
    "Content-Type: multipart/mixed; boundary=i",
    "",
    "--in",
    file("x; filename=a.js"),
  ),
  "uuencode": lines("Content-Type: text/plain", "", "hello", "begin 644 x.exe", "#0V%T", "end"),
};

for (const [what, part] of Object.entries(DISGUISED)) {
  Deno.test(`attachments() sees through ${what}`, async () => {
    assert.equal(await isRefused(mixed(TEXT, part)), true, "in a multipart");
    assert.equal(await isRefused(part), true, "alone");
  });
}

/** A zip archive as a part; its name says nothing. */
const zipPart = (entries: Zippable, before = "", encoding = "base64"): string => {
  const octets = Buffer.concat([Buffer.from(before), zipSync(entries)]);
  return lines(
    "Content-Type: application/octet-stream",
    "Content-Disposition: attachment; filename=data",
    `Content-Transfer-Encoding: ${encoding}`,
    "",
    octets.toString("base64").replace(/.{61}/g, "$&\r\n"),
  );
};

const BIG = strToU8("some text, ".repeat(20_000));

Deno.test("attachments() refuses what is in archives, and in archives in them", async () => {
  const bad = { "big.txt": BIG, "dir/x.exe": strToU8("MZ"), "z.txt": strToU8("z") };
  const nested = { "a.txt": BIG, "b.zip": zipSync({ "c.JAR": zipSync(bad) }) };
  assert.equal(await isRefused(mixed(TEXT, zipPart(bad))), true);
  assert.equal(await isRefused(mixed(TEXT, zipPart(bad, "junk PK before it"))), true);
  assert.equal(await isRefused(mixed(TEXT, zipPart(nested))), true);
  assert.equal(await isRefused(mixed(TEXT, zipPart(nested)), { ...NAMES, archives: false }), false);
  assert.equal(
    await isRefused(mixed(TEXT, zipPart({ "a.txt": BIG, "b.zip": zipSync({}) }))),
    false,
  );
  const twice = zipPart(bad, "", "7bit\r\nContent-Transfer-Encoding: base64");
  assert.equal(await isRefused(mixed(TEXT, twice)), true, "the last of two encodings");
});

Deno.test("attachments() refuses archives that are too much to look through", async () => {
  const deep = (depth: number): Zippable => ({
    "i.zip": depth === 0 ? strToU8("x".repeat(100)) : zipSync(deep(depth - 1)),
  });
  assert.equal(await isRefused(mixed(TEXT, zipPart(deep(1)))), false);
  const reply = await replyTo(mixed(TEXT, zipPart(deep(6))), NAMES);
  assert.match(reply, /^550 5\.7\.1 .*an archive that cannot be looked through$/);
  const bomb = { "a.zip": new Uint8Array(70_000_000) };
  assert.equal(await isRefused(mixed(TEXT, zipPart(bomb))), true);
});

Deno.test("attachments() refuses types, of each reading, and parts that are too large", async () => {
  const types = ["application/x-msdownload", "video/*"];
  const part = (...fields: readonly string[]) => mixed(TEXT, lines(...fields, "", "x"));
  assert.equal(await isRefused(part("Content-Type: APPLICATION/X-MSDOWNLOAD"), { types }), true);
  assert.equal(await isRefused(part("Content-Type: video/mp4; a=b"), { types }), true);
  const two = ["Content-Type: text/plain", "Content-Type: video/mp4"];
  assert.equal(await isRefused(part(...two), { types }), true);
  assert.equal(await isRefused(part("Content-Type: text/plain"), { types }), false);
  const octets = Buffer.alloc(3000).toString("base64");
  const sized = mixed(TEXT, lines("Content-Transfer-Encoding: base64", "", octets));
  assert.equal(await isRefused(sized, { size: 2999 }), true);
  assert.equal(await isRefused(sized, { size: 3000 }), false);
});

Deno.test("attachments() refuses what it cannot look through", async () => {
  const deep = Array.from(
    { length: 30 },
    (_, i) => lines(`Content-Type: multipart/mixed; boundary=b${i}`, "", `--b${i}`, ""),
  ).join("");
  for (const message of [deep, lines("Content-Type: multipart/mixed", "", "--x", "", "y")]) {
    assert.match(await replyTo(message, NAMES), /^550 .* too complex to be looked through$/);
  }
});

Deno.test("attachments refuses options that make no sense", () => {
  const { options } = readyMade.get("attachments")!;
  assert.equal(options.safeParse({ names: "*.exe", size: "20 MiB" }).success, true);
  const bad: readonly [unknown, RegExp][] = [
    [{}, /say what is refused/],
    [{ archives: true }, /say what is refused/],
    [{ names: [""] }, /must not be empty/],
    [{ names: [3] }, /such as `\*\.exe`/],
    [{ name: ["*.exe"] }, /name/],
  ];
  for (const [value, message] of bad) {
    assert.match(JSON.stringify(options.safeParse(value).error?.issues), message);
  }
});

Deno.test("a server with attachments delivers other mail as it came, however large", async () => {
  await using server = await Running.start(() => ({
    handlers: [{ attachments: { names: ["*.exe"], size: "4 MiB" } }],
  }));
  using client = await server.connect();
  const refused = mixed(TEXT, file("attachment; filename=x.exe"));
  assert.equal(await sendMail(client, undefined, refused), 550);
  const large = mixed(TEXT, zipPart({ "a.txt": BIG }), `\r\n${"some text\r\n".repeat(200_000)}`);
  assert.equal(await sendMail(client, undefined, large), 250);
  const mail = Deno.readTextFileSync(server.directory.of("mail"));
  assert.equal(mail.endsWith(large.replaceAll("\r\n", "\n")), true);
});
