/**
 * Messages with the odd forms that real mail has: folded and doubled fields, white space in all places, octets beyond
 * ASCII, empty bodies, long lines.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Random } from "./fuzz/random.ts";

/** Makes so many messages from `example.net`. Line ends are CRLF, and a seed repeats them. */
export function oddMessages(count: number, seed = 1): readonly Buffer[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => Buffer.from(message(random), "latin1"));
}

const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

const WORDS = ["Hello", "you", "(yes)", '"quoted, text"', "=?utf-8?q?gr=C3=BC=C3=9Fe?=", "a=b;"];
const RARE = [utf8("grüße"), utf8("日本"), "\xff\xfe", "x".repeat(300), "\x01\x7f", ""];
const SPACES = [" ", " ", " ", "  ", "\t", " \t ", "\r\n ", "\r\n\t", " \r\n  \t"];

const FROM = [
  "Joe <joe@example.net>",
  "joe@example.net",
  '"Joe, the (Plumber) @ home" <joe@example.net>',
  " \r\n\tJoe\r\n <joe@EXAMPLE.net>\t",
  "joe@mx.Example.Net (joe@example.com)",
  `${utf8("Jörg")} <joe@example.net>`,
  "joe@example.net, Ann <ann@example.net>",
];
const NAMES = [
  ...["To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "Sender", "References"],
  ...["In-Reply-To", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "List-Id"],
  ...["List-Unsubscribe", "List-Unsubscribe-Post", "Received", "X-Odd", "Resent-From", "X-Empty"],
];

function message(random: Random): string {
  const fields = random.times(random.between(0, 14), () => field(random, random.pick(NAMES)));
  const from = `From:${random.pick(["", " ", "\t"])}${random.pick(FROM)}\r\n`;
  fields.splice(random.below(fields.length + 1), 0, from);
  const header = fields.join("");
  return random.chance(0.03) ? header : `${header}\r\n${body(random)}`;
}

function field(random: Random, name: string): string {
  const written = random.pick([name, name, name, name.toLowerCase(), name.toUpperCase()]);
  return `${written}:${random.pick(["", " ", " ", "\t", "  "])}${text(random, 8)}\r\n`;
}

/** Words and white space; a folded line has a word. */
function text(random: Random, most: number): string {
  const word = () => random.chance(0.1) ? random.pick(RARE) : random.pick(WORDS);
  const all = random.times(random.between(0, most), () => word() + random.pick(SPACES)).join("");
  return all.replace(/(?:\r\n[ \t]*)+$/, "").replace(/\r\n[ \t]+(?=\r\n)/g, "");
}

function body(random: Random): string {
  const kind = random.below(10);
  if (kind === 0) return "";
  if (kind === 1) return "\r\n".repeat(random.between(1, 5));
  if (kind === 2) return " \t \r\n".repeat(random.between(1, 3));
  if (kind === 3) return "y".repeat(random.between(990, 70_000));
  const lines = random.times(random.between(1, 30), () => line(random));
  const end = random.pick(["", "\r\n", "\r\n", "\r\n\r\n\r\n", " \r\n\t\r\n", "  "]);
  return lines.join("\r\n") + end;
}

function line(random: Random): string {
  if (random.chance(0.2)) return random.pick(["", " ", "\t\t", ".", "..", "From me", "--b", "-- "]);
  const spaced = random.pick(["", " ", "\t "]) + text(random, 10).replace(/\r\n/g, "");
  return random.chance(0.1) ? spaced + random.octets(20).replace(/[\0\r\n]/g, "?") : spaced;
}
