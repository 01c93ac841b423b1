/**
 * What `shapes.ts` sends: messages of 4 MB in many shapes, and loads that grow.
 *
 * @module
 */

/** Octets of a message. */
const SIZE = 4_000_000;

/** What is sent in one session between EHLO and QUIT, in the pieces in which it is written. */
export type Load = readonly Uint8Array[];

const PACKET = 64 * 1024;
const HEADER = "Subject: shapes\r\n\r\n";
const PLAIN = `${"plain text of a line ".repeat(3)}\r\n`;

/** The same octets in packets of `size`. */
function packets(text: string, size = PACKET): Load {
  const bytes = new TextEncoder().encode(text);
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

const rcpt = (i: number): string => `RCPT TO:<sink+${i}@bench.test>\r\n`;

const mail = (message: string, recipients = 1): string =>
  `MAIL FROM:<sender@bench.test>\r\n${times(recipients, rcpt)}DATA\r\n${message}.\r\n`;

/** The message with a BDAT for each octet. */
const chunked = (message: string): string =>
  `MAIL FROM:<>\r\n${rcpt(0)}${times(message.length, (i) => `BDAT 1\r\n${message[i]}`)}` +
  "BDAT 0 LAST\r\n";

/** A message of 4 MB: a header, and then a line again and again. */
const shape = (line: string, header = HEADER, packet = PACKET): Load =>
  packets(mail(header + line.repeat((SIZE - header.length) / line.length)), packet);

const MULTIPART = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n";
const PART = "--x\r\nContent-Type: text/plain\r\n\r\nno\r\n";

/** The load that every shape is compared with. */
export const plain: Load = shape(PLAIN);

export const SHAPES: Readonly<Record<string, Load>> = {
  "plain lines": plain,
  "all dots": shape("..\r\n"),
  "plain lines with a dot": shape(`..${PLAIN}`),
  "empty lines": shape("\r\n"),
  "lines of one octet": shape("a\r\n"),
  "one line": packets(mail(`${HEADER}${"a".repeat(SIZE)}\r\n`)),
  "control characters": shape(`${"\t".repeat(60)}\r\n`),
  "100,000 header fields": shape(PLAIN, `${"X: 5678\r\n".repeat(100_000)}\r\n`),
  "a folded header field": shape(PLAIN, `X: 5678${"\r\n folded".repeat(100_000)}\r\n\r\n`),
  "header without end": shape("X: 5678\r\n", ""),
  "header of white space": shape("received \r\n", ""),
  "dots without a header": shape("..\r\n", ""),
  "lines of a mailbox file": shape("From a\r\n", ""),
  "packets of 1021 octets": shape(PLAIN, HEADER, 1021),
  "dots in packets of 1021": shape("..\r\n", HEADER, 1021),
};

/** What grows, from how many, and the load for a number of it. */
export const GROWING: readonly [string, number, (count: number) => Load][] = [
  ["recipients", 5000, (count) => packets(mail(HEADER, count))],
  ["NOOPs in one piece", 20_000, (count) => packets(times(count, () => "NOOP\r\n"))],
  [
    "transactions",
    2000,
    (count) => packets(times(count, (i) => `MAIL FROM:<>\r\n${rcpt(i)}RSET\r\n`)),
  ],
  [
    "packets of one octet",
    20_000,
    (count) => packets(mail(HEADER + "..\r\n".repeat(count / 4)), 1),
  ],
  ["NOOPs octet by octet", 4000, (count) => packets(times(count, () => "NOOP\r\n"), 1)],
  [
    "chunks of one octet",
    50_000,
    (count) => packets(chunked(HEADER + "a".repeat(count - HEADER.length))),
  ],
  ["dotted lines", 500_000, (count) => packets(mail(HEADER + "..\r\n".repeat(count)))],
  ["MIME parts", 10_000, (count) => packets(mail(MULTIPART + PART.repeat(count)))],
  ["header fields", 50_000, (count) => packets(mail("X: 5678\r\n".repeat(count)))],
];
