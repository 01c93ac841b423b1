/**
 * Messages of one shape each, as long as one wants.
 *
 * @module
 */

/** A message of about so many octets, one character an octet. */
export type Shape = (octets: number) => string;

const LINE = "And so it was that the mail of the whole town lay in one great heap.\r\n";

const fill = (text: string, octets: number): string =>
  text.repeat(Math.max(1, Math.floor(octets / text.length)));

/** A part of a type, with a text again and again. */
const text = (type: string, encoding: string, line: string): Shape => (octets) =>
  `Subject: x\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${
    fill(line, octets)
  }\r\n`;

const plain = (line: string): Shape => text("text/plain; charset=us-ascii", "8bit", line);
const utf8 = (line: string): Shape => text("text/plain; charset=utf-8", "8bit", line);
const html = (line: string): Shape => text("text/html", "8bit", line);
const flowed = (line: string): Shape => text("text/plain; format=flowed; delsp=yes", "8bit", line);
const quoted = (line: string): Shape => text("text/plain", "quoted-printable", line);

const base64 = (line: string, width: number, charset = "us-ascii"): Shape => (octets) => {
  const encoded = btoa(fill(line, octets * 3 / 4));
  const lines = Array.from(
    { length: Math.ceil(encoded.length / width) },
    (_, i) => encoded.slice(i * width, (i + 1) * width),
  );
  return text(`text/plain; charset=${charset}`, "base64", `${lines.join("\r\n")}\r\n`)(1);
};

const multipart = (boundary: string, part: string): Shape => (octets) =>
  `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n${fill(part, octets)}`;

const DEPTH = 20;
const boundary = (depth: number, length: number) => `${"b".repeat(length)}${depth}`;

/** Multiparts in each other to the cap, each of which has this in it, then the same again. */
const nested = (length: number, inside: string): Shape => (octets) => {
  const down = Array.from(
    { length: DEPTH },
    (_, depth) =>
      `--${boundary(depth, length)}\r\nContent-Type: multipart/mixed; boundary=${
        boundary(depth + 1, length)
      }\r\n\r\n`,
  ).join("");
  return `Content-Type: multipart/mixed; boundary=${boundary(0, length)}\r\n\r\n${
    fill(down + inside, octets)
  }`;
};

/** Multiparts in each other to the cap, then this again and again in the innermost. */
const deep = (length: number, inside: string): Shape => (octets) =>
  nested(length, "")(1) + fill(inside, octets);

const parameters = (make: (i: number) => string, octets: number): string => {
  let all = "";
  for (let i = 0; all.length < octets; i++) all += `;\r\n ${make(i)}`;
  return all;
};

/** Parts whose fields have as much in them as is looked at. */
const typed = (type: string): Shape =>
  multipart("b", `--b\r\nContent-Type: ${type.slice(0, 4000)}\r\n\r\nno\r\n`);

const field = (value: string): Shape => (octets) =>
  `${fill(`From: ${value}\r\n`, Math.min(octets, 250_000))}\r\n${fill(LINE, octets)}`;

/** Plain lines: what the others are compared with. */
export const PLAIN: Shape = plain(LINE);

/** By their names. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  "plain lines": PLAIN,
  "a word to change in each line": plain(`${LINE.slice(0, -5)}no.\r\n`),
  "only words to change, one a line": plain("no\r\n"),
  "only words to change, in lines": plain(`${"no ".repeat(25)}\r\n`),
  "only words to change, in one line": plain("no "),
  "only words to change, signed": (octets) => `DKIM-Signature: x\r\n${plain("no\r\n")(octets)}`,
  "one line": plain("mail for all "),
  "one word": plain("mail"),
  "words of one letter": plain("a "),
  "empty lines": plain("\r\n"),
  "lines of LF": plain("\n"),
  "lines of CR": plain("\r"),
  "lines of one letter": plain("a\r\n"),
  "dots": plain(".\r\n"),
  "dashes": plain("--\r\n"),
  "almost armor": plain("-----BEGIN PGX\r\n"),
  "UTF-8": utf8("\xc3\xa9t\xc3\xa9 au bord de la mer, et no no no\r\n"),
  "UTF-8, words of one letter": utf8("\xc3\xa9 no "),
  "UTF-8, not spaced": utf8("@\xc3\xa9@no"),
  "no UTF-8, words of one letter": utf8("\xe9 no "),
  "no UTF-8, not spaced": utf8("@\xe9@no"),
  "Latin-1, words of one letter": text("text/plain; charset=iso-8859-1", "8bit", "\xe9 no "),
  "Latin-1, not spaced": text("text/plain; charset=iso-8859-1", "8bit", "@\xe9@no"),
  "Shift_JIS, words of one letter": text("text/plain; charset=shift_jis", "8bit", "\x83\x6e no "),
  "GB 18030, words of one letter": text("text/plain; charset=gb18030", "8bit", "\xc4\xe3 no "),
  "GB 18030, not spaced": text("text/plain; charset=gb18030", "8bit", "@\xc4\xe3@no"),
  "HTML": html('<p class="a">no <b>mail</b> for you, &amp; none for me</p>\r\n'),
  "HTML: <": html("<"),
  "HTML: <a": html("<a "),
  "HTML: <a=": html("<a='"),
  "HTML: &": html("&"),
  "HTML: &a;": html("&a;"),
  "HTML: &#1;": html("&#1;"),
  "HTML: long entities": html(`&${"a".repeat(45)}`),
  "HTML: <!--": html("<!--"),
  "HTML: tags": html("<a>"),
  "HTML: scripts": html("<script></scrip</script>"),
  "HTML: an open script": html("<script></scrip"),
  "HTML: only words": html("no "),
  "flowed": flowed("no \r\n"),
  "flowed, spaces": flowed(" "),
  "flowed, letters": flowed("a \r\n"),
  "quoted-printable": quoted("And so it was =3D that no mail lay in one great heap.\r\n"),
  "quoted-printable: escapes": quoted("=6E=6F=20"),
  "quoted-printable: soft breaks": quoted("=\r\n"),
  "quoted-printable: a word over soft breaks": quoted(`${"@no=\n".repeat(3000)} \r\n`),
  "quoted-printable: letters over soft breaks": quoted(`${"a=\n".repeat(15_000)} \r\n`),
  "quoted-printable: =": quoted("="),
  "quoted-printable: = and spaces": quoted(`=${" ".repeat(200)}`),
  "quoted-printable: only words": quoted("no "),
  "base64": base64(LINE, 76),
  "base64, words to change": base64("no mail today\r\n", 76),
  "base64, only words": base64("no ", 76),
  "base64, UTF-8": base64("\xc3\xa9 no ", 76, "utf-8"),
  "base64, words, then none": (octets) => base64(`no ${"a".repeat(octets)}`, 76)(octets),
  "base64, lines of one character": base64("no ", 1),
  "base64, lines of one character, none to change": base64("mail ", 1),
  "base64 in one line": base64("no ", 1e9),
  "base64, empty lines": text("text/plain", "base64", "\r\n"),
  "base64, empty lines between": text("text/plain", "base64", "bm8g\r\n\r\n"),
  "base64, spaces in it": text("text/plain", "base64", "b m8g\r\n"),
  "base64, noise in it": text("text/plain", "base64", "bm8g\r\n!\r\n"),
  "base64, padding": text("text/plain", "base64", "=\r\n"),
  "base64, one word": base64("mail", 76),
  "parts": multipart("b", "--b\r\n\r\nno\r\n"),
  "parts without anything": multipart("b", "--b\r\n"),
  "parts in base64": multipart("b", "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nbm8=\r\n"),
  "parts in HTML": multipart("b", "--b\r\nContent-Type: text/html\r\n\r\n<b>no\r\n"),
  "parts in a charset": multipart(
    "b",
    "--b\r\nContent-Type: text/plain; charset=cp1252\r\n\r\nno\r\n",
  ),
  "parts with a field each": multipart("b", "--b\r\nA: b\r\n\r\nno\r\n"),
  "parts with many fields": multipart("b", `--b\r\n${"A: b\r\n".repeat(1000)}\r\nno\r\n`),
  "a part with only fields": (octets) => multipart("b", "--b\r\n")(1) + fill("A: b\r\n", octets),
  "a part with many types": (octets) =>
    multipart("b", "--b\r\n")(1) + fill("Content-Type: text/plain\r\n", octets),
  "boundaries, almost": deep(190, `--${boundary(3, 190)}x\r\n`),
  "boundaries that are dashes": deep(190, "--\r\n"),
  "boundaries of the outermost": deep(1, `--${boundary(0, 1)}\r\n`),
  "boundaries with spaces behind": deep(1, `--${boundary(20, 1)}${" ".repeat(500)}x\r\n`),
  "nested": nested(1, "\r\nno\r\n"),
  "nested, long boundaries": nested(190, "\r\nno\r\n"),
  "parameters": typed(`text/plain${parameters((i) => `a${i}=b`, 4000)}`),
  "parameters, short": typed(`text/plain${parameters(() => "a=b", 4000)}`),
  "parameters in pieces": typed(`text/plain${parameters((i) => `charset*${i}*=a%20`, 4000)}`),
  "parameters, unclosed quotes": typed(`text/plain; a="${"\\".repeat(4000)}`),
  "parameters, semicolons": typed(`text/plain${";".repeat(4000)}`),
  "parameters, encoded words": typed(`text/plain; a="${"=?utf-8?q?=41?= ".repeat(250)}"`),
  "parameters, percents": typed(`text/plain; a*=utf-8''${"%41".repeat(1300)}`),
  "comments": typed(`text/plain ${"(".repeat(4000)}`),
  "From fields": field("Joe <joe@example.net>"),
  "From: encoded words": field("=?utf-8?q?=41?=\r\n ".repeat(500)),
  "From: encoded words in base64": field("=?utf-8?b?QQ==?= ".repeat(500)),
  "From: almost encoded words": field("=?utf-8?q?".repeat(1500)),
  "From: =?": field("=?".repeat(7000)),
  "From: spaces": field(`=?a?q?b?=${" ".repeat(15_000)}`),
};
