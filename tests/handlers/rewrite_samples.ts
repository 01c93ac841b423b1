/**
 * Messages with words to be rewritten, and messages that must stay as they are.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Lines with their CRLF; the last one without. */
export const lines = (...all: readonly string[]): string => all.join("\r\n");

const utf8 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** Base64 in lines of 76 characters. */
const base64 = (text: string): string =>
  (Buffer.from(text, "utf8").toString("base64").match(/.{1,76}/g) ?? []).join("\r\n");

/** A part with its header. */
const part = (type: string, encoding: string, ...body: readonly string[]): string =>
  lines(`Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`, "", ...body);

const multipart = (type: string, boundary: string, ...parts: readonly string[]): string =>
  lines(
    `Content-Type: multipart/${type}; boundary="${boundary}"`,
    "",
    "no preamble",
    ...parts.map((each) => lines(`--${boundary}`, each)),
    `--${boundary}--`,
    "no epilogue",
    "",
  );

interface Case {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** A message of which one part changes. */
const changed = (
  name: string,
  around: (part: string) => string,
  before: string,
  after: string,
): Case => ({ name, before: around(before), after: around(after) });

const itself = (message: string): string => message;
const plain = (charset: string, encoding: string) => (text: string): string =>
  part(`text/plain; charset=${charset}`, encoding, text, "");
const html = (encoding: string) => (text: string): string =>
  part("text/html; charset=utf-8", encoding, text, "");

const attachment = lines(
  'Content-Type: text/plain; name="no.txt"',
  "Content-Disposition: attachment",
  "",
  "no",
);

/** What is changed, and into what. */
export const CASES: readonly Case[] = [
  changed(
    "a message without MIME",
    itself,
    "Subject: no\r\n\r\nno.\r\n",
    "Subject: no\r\n\r\nyes.\r\n",
  ),
  changed("a message without a header", itself, "\r\nno", "\r\nyes"),
  changed(
    "whole words only, in their case",
    plain("utf-8", "8bit"),
    utf8("no No NO nO know no1 éno noé no\u0301 (no) no-no Nein"),
    utf8("yes Yes YES yes know no1 éno noé no\u0301 (yes) yes-yes Já"),
  ),
  changed("ISO-8859-1", plain("ISO-8859-1", "8bit"), "\xe9t\xe9 no nein", "\xe9t\xe9 yes j\xe1"),
  changed(
    "Shift_JIS",
    plain("Shift_JIS", "8bit"),
    "\x83\x6e\x83\x6f no \x83no",
    "\x83\x6e\x83\x6f yes \x83no",
  ),
  changed(
    "quoted-printable in UTF-8 and in ISO-8859-1",
    (text) =>
      multipart(
        "alternative",
        "b",
        plain("utf-8", "quoted-printable")(`caf=C3=A9 ${text}`),
        plain("iso-8859-1", "quoted-printable")(`caf=e9 ${text}`),
      ),
    "no =6Eo n=\r\no =\r\nno=20no=2E",
    "yes yes yes =\r\nyes=20yes=2E",
  ),
  changed(
    "a word that is not ASCII in quoted-printable",
    plain("utf-8", "quoted-printable"),
    "nein",
    "j=C3=A1",
  ),
  changed(
    "a line of quoted-printable that becomes too long",
    plain("utf-8", "quoted-printable"),
    `${"x".repeat(70)} no no`,
    `${"x".repeat(70)} yes =\r\nyes`,
  ),
  changed(
    "lines of quoted-printable that would look like boundaries",
    plain("utf-8", "quoted-printable"),
    `--no\r\n${"x".repeat(70)} no --`,
    `=2D-yes\r\n${"x".repeat(70)} yes =\r\n=2D-`,
  ),
  changed(
    "HTML in base64",
    (text) => part("text/html; charset=utf-8", "base64", base64(text), ""),
    `${"<p>x</p>".repeat(50)}<p title="no">no</p><!-- no -->`,
    `${"<p>x</p>".repeat(50)}<p title="no">yes</p><!-- no -->`,
  ),
  changed(
    "a word across lines of base64",
    plain("utf-8", "base64"),
    "aSBh\r\nbSBu\r\nbyAhISEh",
    "aSBh\r\nbSB5ZXMgISEhIQ==",
  ),
  changed(
    "only text in HTML",
    html("8bit"),
    "<no no=no title='no>no' alt=\"no\">no&nbsp;no&eacute; &no; no&lt;no<br/>no<script>no</script>" +
      "<STYLE>no</styles>no</STYLE><!--no--no-->no<!no>no<!-->no< no & no<?no?>no",
    "<no no=no title='no>no' alt=\"no\">yes&nbsp;no&eacute; &no; yes&lt;yes<br/>yes<script>no</script>" +
      "<STYLE>no</styles>no</STYLE><!--no--no-->yes<!no>yes<!-->yes< yes & yes<?no?>yes",
  ),
  changed(
    "format=flowed",
    plain("us-ascii; format=flowed", "7bit"),
    "I say \r\nno \r\n> no \r\nnein",
    "I say \r\nyes \r\n> yes \r\nnein",
  ),
  changed(
    "format=flowed with delsp=yes, where lines grow together",
    plain("us-ascii; format=flowed; delsp=yes", "7bit"),
    "no \r\nbody says  \r\nno \r\n\r\nno\r\nno",
    "no \r\nbody says  \r\nno \r\n\r\nyes\r\nyes",
  ),
  changed(
    "texts among attachments in nested multiparts",
    (text) =>
      multipart(
        "mixed",
        "outer",
        multipart(
          "related",
          "inner",
          multipart("alternative", "inn", plain("utf-8", "8bit")(text), html("8bit")(text)),
          attachment,
          part("image/png", "base64", base64("no")),
        ),
        part("message/rfc822", "7bit", "Subject: no", "", "no"),
        plain("utf-8", "7bit")(text),
        part("application/octet-stream", "8bit", "no"),
      ),
    "no",
    "yes",
  ),
  changed(
    "a text beside one that is signed",
    (text) =>
      multipart(
        "mixed",
        "b",
        multipart(
          'signed; protocol="application/pgp-signature"',
          "s",
          plain("utf-8", "8bit")("no"),
          part("application/pgp-signature", "7bit", "no"),
        ),
        plain("utf-8", "8bit")(text),
      ),
    "no",
    "yes",
  ),
  changed(
    "a multipart without its last boundary",
    itself,
    lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "no"),
    lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "yes"),
  ),
  changed(
    "a multipart that ends with the one around it",
    (text) =>
      multipart(
        "mixed",
        "a",
        lines("Content-Type: multipart/mixed; boundary=ab", "", "--ab", "", text),
        plain("utf-8", "8bit")(text),
      ),
    "no\r\n--abc\r\n--ab-\r\n --a\r\nno",
    "yes\r\n--abc\r\n--ab-\r\n --a\r\nyes",
  ),
  changed(
    "a text with NUL and octets of no charset",
    plain("utf-8", "8bit"),
    "\0no\0 \xff\xffno no",
    "\0yes\0 \xff\xffno yes",
  ),
  changed(
    "bad escapes in quoted-printable",
    plain("utf-8", "quoted-printable"),
    "no =zz=6 no =",
    "yes =zz=6 yes =",
  ),
  changed(
    "base64 without padding",
    plain("utf-8", "base64"),
    "bm8hISE",
    "eWVzISEh",
  ),
  changed(
    "base64 with other things behind the first change",
    plain("utf-8", "base64"),
    "bm8hISEh\r\nIS!Eh\r\n-----\r\nISEh",
    "eWVzISEhISEhISEhIQ==",
  ),
  changed(
    "base64 with a footer of a mailing list behind it",
    plain("utf-8", "base64"),
    "bm8=\r\n\r\n_____\r\nno",
    "eWVz\r\n\r\n_____\r\nno",
  ),
  ...([
    [
      "prose",
      "bm8hISEh\r\n",
      "\r\n_____\r\nno list of ours\r\nlist\r\nhttps://lists.example/no\r\n",
    ],
    ["prose of letters", "bm8hISEh\r\n", "This is the list of some friends\r\nno\r\n"],
    ["prose behind a word", "bm8hISEh\r\n", "-- \r\nlist\r\nmore of it\r\n"],
    ["a link", "bm8hISEh\r\n", "\r\n_____\r\nhttps://lists.example/no\r\n"],
    ["a link with a query", "bm8hISEh\r\n", "https://lists.example/?a=no\r\nISEh\r\n"],
    ["a ruler of =", "bm8hISEh\r\n", "==========\r\nno\r\n"],
    ["a ruler alone", "bm8hISEh\r\n", "_____\r\n"],
  ] as const).map(([what, base64, footer]) =>
    changed(
      `base64 without = and ${what} behind it`,
      plain("utf-8", "base64"),
      base64 + footer,
      `eWVzISEhIQ==\r\n${footer}`,
    )
  ),
  changed(
    "base64 of which padding is missing, and a footer behind it",
    plain("utf-8", "base64"),
    "bm8hISE\r\n_____\r\nno list",
    "eWVzISEh\r\n_____\r\nno list",
  ),
  changed(
    "base64 with noise in it, and a footer behind it",
    plain("utf-8", "base64"),
    `bm8h\r\n-----\r\n${"ISEh".repeat(15)}\r\n\r\nISE!h\r\n\r\nISEhbm8=\r\n\r\n_____\r\nno list`,
    `${
      Buffer.from(`yes!${"!".repeat(45)}${"!".repeat(3)}${"!".repeat(3)}yes`).toString("base64")
        .replace(/.{76}/, "$&\r\n")
    }\r\n\r\n_____\r\nno list`,
  ),
  changed(
    "base64 in groups behind the first change",
    plain("utf-8", "base64"),
    "bm8hISEh\r\nISEh ISEh ISEh\r\n ISEhISEh\t\r\n\r\nISE hISEh",
    Buffer.from(`yes!!!!${"!".repeat(21)}`).toString("base64"),
  ),
  changed(
    "base64 with its padding in two lines",
    plain("utf-8", "base64"),
    "bm8NCg=\r\n=",
    "eWVzDQo=",
  ),
  changed(
    "a text before an OpenPGP block in base64",
    (text) => part("text/plain", "base64", base64(text)),
    `no\r\n-----BEGIN PGP MESSAGE-----\r\n${"no ".repeat(100)}`,
    `yes\r\n-----BEGIN PGP MESSAGE-----\r\n${"no ".repeat(100)}`,
  ),
  changed(
    "a text before an OpenPGP block in quoted-printable",
    plain("utf-8", "quoted-printable"),
    "no -----BEGIN PGP no\r\n=2D----BEGIN=\r\n PGP SIGNED MESSAGE-----\r\nno",
    "yes -----BEGIN PGP yes\r\n=2D----BEGIN=\r\n PGP SIGNED MESSAGE-----\r\nno",
  ),
  changed(
    "a text before an OpenPGP block",
    itself,
    "\r\nno\r\n-----BEGIN PGP MESSAGE-----\r\nno",
    "\r\nyes\r\n-----BEGIN PGP MESSAGE-----\r\nno",
  ),
];

/** What stays as it is. */
export const UNTOUCHED: Readonly<Record<string, string>> = {
  "nothing": "",
  "an empty line": "\r\n",
  "a message without an empty line": "Subject: no\r\nno no no",
  "a message without a match": multipart(
    "mixed",
    "b",
    plain("utf-8", "quoted-printable")("na=\r\n= =C3=a9 \t\r\n=20"),
    part("text/html", "base64", "  YWJj \r\n\r\nZGVm\r\nZw==\r\n\r\n"),
  ),
  "a message signed with S/MIME": multipart("signed", "b", plain("utf-8", "8bit")("no")),
  "an encrypted message": multipart("encrypted", "b", plain("utf-8", "8bit")("no")),
  "an opaque S/MIME message": part("application/pkcs7-mime", "base64", base64("no no no")),
  "an attachment": attachment,
  "a file shown inline": lines("Content-Disposition: inline; filename=x.txt", "", "no"),
  "a message in a digest": multipart("digest", "b", "\r\nSubject: no\r\n\r\nno"),
  "an unknown charset": plain("x-unknown", "8bit")("no"),
  "a charset that is not built on ASCII": plain("utf-16le", "base64")("bgBvAA=="),
  "a charset of shifts": plain("utf-7", "7bit")("no"),
  "an unknown encoding": plain("utf-8", "x-uuencode")("no"),
  "a word that the charset does not have": plain("iso-8859-7", "8bit")("nein"),
  "a word that the encoding does not have": plain("utf-8", "7bit")("nein"),
  "a part with two types": lines("Content-Type: text/plain", "Content-Type: text/html", "", "no"),
  "bad base64": plain("utf-8", "base64")("no way, this is no base64 at all\r\nbm8gbm8g"),
  "bad base64 behind a word": plain("utf-8", "base64")("YW5kIG5v\r\n?"),
  "what follows the padding of base64": plain("utf-8", "base64")("YQ==\r\nbm8gbm8g"),
  "a line that would become a boundary": plain("utf-8", "8bit")("--no"),
  "a line that would become too long": plain("utf-8", "8bit")(`${"x".repeat(995)} no`),
  "a word of 16 KiB": plain("utf-8", "8bit")(`${"\xc3\xa9".repeat(10_000)}no`),
  "multiparts nested too deep": Array.from({ length: 30 }, (_, i) => i).reduceRight(
    (inner, i) => multipart("mixed", `b${i}`, inner),
    plain("utf-8", "8bit")("no"),
  ).replaceAll(/\r\nno (pre|epi)/g, "\r\nsome $1"),
  "what comes before and behind the parts": multipart("mixed", "b", plain("utf-8", "8bit")("x")),
};
