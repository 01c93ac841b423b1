/**
 * Sessions that are made of pieces.
 * @module
 */
import { Buffer } from "node:buffer";
import { LOOK_ALIKES } from "../smtp/look_alikes.ts";
import type { Random } from "./random.ts";
import type { Transcript } from "./recorded.ts";
import { firstMessage } from "./scram.ts";
import { DOMAIN, PASSWORDS, RECIPIENTS, SENDERS } from "./world.ts";

const HELLO = ["EHLO c.example", "HELO c.example", "EHLO [192.0.2.1]", "ehlo x", "HELO _", "EHLO"];
const OTHERS = [
  "RSET",
  "NOOP",
  "NOOP x HTTP/1.1",
  "HELP",
  "HELP mail",
  "VRFY joe",
  "VRFY",
  "VRFY j\xc3\xb6e",
  "VRFY j\xc3\xb6e SMTPUTF8",
  "HELP rcpt",
  "HELP LHLO",
  "HELP nonsense",
  "LHLO x",
  "EXPN list",
  "QUIT",
  "QUIT now",
  "RSET x",
  "DATA x",
  "ETRN example.net",
  "TURN",
  "SEND FROM:<ann@example.org>",
  "XCLIENT ADDR=192.0.2.7",
  "XCLIENT NAME=spike ADDR=IPV6:2001:db8::9 PORT=25 PROTO=ESMTP HELO=spike LOGIN=joe",
  "XCLIENT ADDR=127.0.0.9 PROTO=smtp HELO=a+20b LOGIN=[UNAVAILABLE]",
  "XCLIENT ADDR=192.0.2.300",
  "XCLIENT",
  "XCLIENT HELO=a+2",
  "XFORWARD NAME=spike",
  "XFORWARD SOURCE=REMOTE IDENT=1",
  "XFORWARD LOGIN=joe",
  "BDAT 10",
  "BDAT",
  "BDAT x",
  "BDAT 5 LAST now",
  "BDAT 0",
  "BDAT 0 LAST",
  "BDAT 99999999999999999999",
  "BDAT -1",
  "STARTTLS",
  "STARTTLS now",
  "GET / HTTP/1.0",
  "Host: example.org",
  "SSH-2.0-OpenSSH_9",
  "\x16\x03\x01\x02\x00\x01",
  "PROXY TCP4 192.0.2.1 192.0.2.2 1 2",
  "",
  " ",
  ".",
  "EHLO c.example\0",
  "\xff\xfe",
  "NOOP \xc3\xa9",
];
const DOMAINS = [DOMAIN, DOMAIN.toUpperCase(), "example.org", "[192.0.2.1]", "[IPv6:2001:db8::1]"];
const ADDRESSES = [
  "<>",
  "<Postmaster>",
  "<joe>",
  "joe@example.net",
  "<joe@example.net",
  "< joe@example.net>",
  "<@a.example,@b.example:joe@example.net>",
  "<@a.example:>",
  `<"joe"@example.net>`,
  `<"j\\oe"@example.net>`,
  `<"with space"@example.net>`,
  `<"a>b"@example.net>`,
  "<joe@[192.0.2.300]>",
  "<joe@[IPv6:::1%lo]>",
  "<joe@[x-tag:y]>",
  "<joe@example..net>",
  "<joe@-example.net>",
  "<joe@example_net>",
  "<joe@example.net.>",
  "<j\xf6e@example.net>",
  "<j\xc3\xb6e@example.net>",
  "<joe@b\xc3\xbccher.example>",
  "<\xe4\xb8\xad\xe6\x96\x87@\xe4\xb8\xad\xe6\x96\x87.example>",
  "<j\xef\xbc\xa0x@example.net>",
  "<j\xe2\x80\xaee@example.net>",
  "<joe@example\xe3\x80\x82net>",
  "<j\xed\xa0\x80@example.net>",
  "<j\xc0\xaee@example.net>",
  "<joe@b\xfccher.example>",
];
const PARAMETERS = [
  "SIZE=1000",
  "SIZE=99999999999",
  "SIZE=x",
  "SIZE",
  "BODY=8BITMIME",
  "BODY=7bit",
  "BODY=BINARYMIME",
  "AUTH=<>",
  "AUTH=ann+40example.org",
  "AUTH=a+4x",
  "SMTPUTF8",
  "RET=HDRS",
  "ENVID=a+3Db",
  "NOTIFY=NEVER",
  "ORCPT=rfc822;joe@example.net",
  "XYZ",
  "=",
  "SIZE=1 SIZE=2",
];
const HEADERS = [
  "Subject: hello\r\n\r\n",
  "Subject: hello\r\n folded\r\n\tmore\r\nX: y\r\n\r\n",
  "Received: from a\r\nReceived: from b\r\nRECEIVED : from c\r\n\r\n",
  "From ann Sat Nov 28\r\n>From joe\r\nSubject: x\r\n\r\n",
  "Subject : x\r\n\r\n",
  " folded at the top\r\n\r\n",
  "no header\r\n",
  "\r\n",
  "X-Long: " + "x".repeat(400) + "\r\n\r\n",
  "",
];

/** Begins a step that is the last message of SCRAM: behind it are the user and the password. */
export const PROOF = "\ue000";

/** A session that is made of pieces. */
export function madeUp(random: Random): Transcript {
  const steps = random.chance(0.95) ? [`${hello(random)}\r\n`] : [];
  if (random.chance(0.1)) steps.push(...authentication(random));
  if (random.chance(0.3)) steps.push("STARTTLS\r\n", `${hello(random)}\r\n`);
  if (random.chance(0.3)) steps.push(...authentication(random));
  if (random.chance(0.15)) {
    steps.push("XCLIENT ADDR=192.0.2.9 LOGIN=ann\r\n", `${hello(random)}\r\n`);
  }
  for (let count = random.between(1, 4); count > 0; count--) {
    steps.push(...random.chance(0.8) ? transaction(random) : [other(random)]);
  }
  if (random.chance(0.7)) steps.push("QUIT\r\n");
  return steps;
}

const hello = (random: Random): string => random.chance(0.8) ? HELLO[0]! : random.pick(HELLO);

const other = (random: Random): string => `${random.pick(OTHERS)}\r\n`;

function transaction(random: Random): string[] {
  const recipients = random.times(random.between(1, 4), () => `RCPT TO:${recipient(random)}`);
  const isChunked = random.chance(0.4);
  const steps = [`MAIL FROM:${sender(random)}${parameters(random)}`, ...recipients];
  if (!isChunked) steps.push("DATA");
  if (random.chance(0.1)) steps.splice(random.below(steps.length), 0, random.pick(OTHERS));
  const lines = steps.map((step) => `${step}\r\n`);
  const message = isChunked ? chunks(text(random), random) : [`${text(random)}.\r\n`];
  return [...random.chance(0.5) ? lines : [lines.join("")], ...message];
}

/** A message in chunks, with the right sizes or, sometimes, wrong ones, or something else between them. */
function chunks(message: string, random: Random): string[] {
  const text = random.chance(0.2) ? message.slice(0, -random.below(4)) : message;
  const pieces = random.chance(0.1) && text.length < 500 ? [...text] : cut(text, random);
  const lasts = random.chance(0.3) ? [...pieces, ""] : pieces;
  const steps = lasts.map((piece, i) => {
    const lie = random.chance(0.02) ? random.pick([-1, 1, 100, 2 ** 53]) : 0;
    const isLast = random.chance(0.98) ? i === lasts.length - 1 : random.chance(0.5);
    return `BDAT ${piece.length + lie}${isLast ? " LAST" : ""}\r\n${piece}`;
  });
  if (random.chance(0.1)) steps.splice(random.below(steps.length), 0, other(random));
  return steps;
}

/** Cuts a text in a few pieces. */
export function cut(text: string, random: Random): string[] {
  const places = random.times(random.between(0, 5), () => random.below(text.length + 1));
  places.sort((a, b) => a - b);
  return [0, ...places].map((place, i) => text.slice(place, places[i] ?? text.length));
}

function sender(random: Random): string {
  if (random.chance(0.05)) return random.pick(ADDRESSES);
  const local = random.chance(0.5) ? "ann" : random.pick([...SENDERS.keys()]);
  return `<${local}@${random.chance(0.8) ? "example.org" : random.pick(DOMAINS)}>`;
}

function recipient(random: Random): string {
  if (random.chance(0.1)) return random.pick(ADDRESSES);
  const local = random.chance(0.5) ? "joe" : random.pick([...RECIPIENTS.keys(), "nobody"]);
  const octets = Buffer.from(local).toString("latin1");
  const written = local.includes(" ") ? `"${octets}"` : octets;
  return `<${written}@${random.chance(0.9) ? DOMAIN : random.pick(DOMAINS)}>`;
}

const parameters = (random: Random): string =>
  random.chance(0.3)
    ? random.times(random.between(1, 2), () => ` ${random.pick(PARAMETERS)}`).join("")
    : "";

/** A message as it is sent, without its final dot. */
function text(random: Random): string {
  const header = random.pick(HEADERS);
  const lines = random.times(random.below(6), () => line(random)).join("");
  const fake = random.chance(0.1) ? `text${random.pick(LOOK_ALIKES)}MAIL FROM:<>\r\n` : "";
  return random.chance(0.03) ? largeText(random) : header + lines + fake;
}

function line(random: Random): string {
  if (random.chance(0.1)) {
    return random.pick([".", "..", "...", ". ", ".x"]).replace(/^\.$/, "..") + "\r\n";
  }
  if (random.chance(0.02)) {
    return random.octets(random.below(200)).replace(/[\r\n\0]/g, "") + "\r\n";
  }
  return random.pick(["", "hello", "x".repeat(76), "y".repeat(998), "From me"]) + "\r\n";
}

const largeText = (random: Random): string =>
  `Subject: large\r\n\r\n${`${"z".repeat(70)}\r\n`.repeat(random.between(100, 5000))}`;

function authentication(random: Random): string[] {
  const user = random.pick([...PASSWORDS.keys(), "nobody", "j\xf6e"]);
  const password = random.chance(0.7)
    ? PASSWORDS.get(user) ?? "x"
    : random.pick(["sesame", "", "x"]);
  const plain = btoa(
    `${random.chance(0.9) ? "" : random.pick([user, "ann"])}\0${user}\0${password}`,
  );
  const [first, last] = [btoa(user), btoa(password)];
  const proof = `${PROOF}${user} ${password}`;
  return random.pick([
    [`AUTH PLAIN ${plain}\r\n`],
    ["AUTH PLAIN\r\n", `${plain}\r\n`],
    ["AUTH LOGIN\r\n", `${first}\r\n`, `${last}\r\n`],
    [`AUTH LOGIN ${first}\r\n`, `${last}\r\n`],
    ["AUTH SCRAM-SHA-256\r\n", `${btoa(firstMessage(user))}\r\n`, proof, "\r\n"],
    [`AUTH SCRAM-SHA-256 ${btoa(firstMessage(user))}\r\n`, proof, random.pick(["\r\n", "*\r\n"])],
    [
      "AUTH PLAIN\r\n",
      random.pick(["*\r\n", "\r\n", "=\r\n", "x\r\n", `${plain}=\r\n`, "AA==\r\n"]),
    ],
    [random.pick(["AUTH\r\n", "AUTH PLAIN =\r\n", "AUTH CRAM-MD5\r\n", "AUTH PLAIN x y\r\n"])],
  ]);
}
