import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { type MimePart, parts, type PartsOptions } from "postmaster";
import { octetsHeld } from "../held.ts";

const lines = (...all: readonly string[]): string => all.join("\r\n");

async function* chunksOf(message: string, size = 65_536): AsyncGenerator<Uint8Array> {
  const octets = Buffer.from(message, "latin1");
  for (let at = 0; at < octets.length; at += size) {
    yield await Promise.resolve(octets.subarray(at, at + size));
  }
}

const contentOf = async (part: MimePart): Promise<string> =>
  Buffer.concat(await Array.fromAsync(part.content)).toString("latin1");

/** All parts, each as a line. */
async function read(message: string, options?: PartsOptions, size?: number): Promise<string[]> {
  const all: string[] = [];
  for await (const part of parts(chunksOf(message, size), options)) {
    const { path, type, fileName, limit } = part;
    const about = [path, type, fileName ?? "-", JSON.stringify(await contentOf(part))];
    all.push([...about, ...(limit === undefined ? [] : [limit])].join(" "));
  }
  return all;
}

const NESTED = lines(
  "Subject: x",
  'Content-Type: multipart/mixed; boundary="b"',
  "",
  "preamble",
  "--b",
  "Content-Type: multipart/alternative; boundary=bb",
  "",
  "--bb",
  "Content-Type: text/plain; charset=UTF-8",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "caf=C3=A9 =",
  "au lait",
  "--bb--",
  "epilogue",
  "--b",
  "Content-Type: application/pdf; name=a.pdf",
  "Content-Transfer-Encoding: BASE64",
  "",
  "QUJD",
  "RA==",
  "--b",
  "Content-Type: message/rfc822",
  "",
  "Subject: inner",
  "Content-Type: multipart/mixed; boundary=i",
  "",
  "--i",
  "Content-Disposition: attachment; filename=c.txt",
  "",
  "text",
  "--i--",
  "--b--",
  "",
);

Deno.test("parts() gives each part with its path, type, name and decoded content", async () => {
  const expected = [
    '1 multipart/mixed - "preamble\\r\\n"',
    '1.1 multipart/alternative - ""',
    '1.1.1 text/plain - "caf\xc3\xa9 au lait\\r\\n"',
    '1.2 application/pdf a.pdf "ABCD"',
    '1.3 message/rfc822 - ""',
    '1.3.1 multipart/mixed - ""',
    '1.3.1.1 text/plain c.txt "text\\r\\n"',
  ];
  assert.deepEqual(await read(NESTED), expected);
  assert.deepEqual(await read(NESTED, { loose: true }), expected);
  for (const size of [1, 2, 7]) assert.deepEqual(await read(NESTED, {}, size), expected);
});

Deno.test("parts() gives headers, charsets, dispositions and encodings", async () => {
  const [, , text, pdf, , , file] = await Array.fromAsync(parts(chunksOf(NESTED)));
  assert.equal(text?.charset, "utf-8");
  assert.equal(text?.encoding, "quoted-printable");
  assert.equal(pdf?.header.first("content-type")?.text, "application/pdf; name=a.pdf");
  assert.equal(pdf?.charset, "us-ascii");
  assert.equal(file?.disposition, "attachment");
});

Deno.test("parts() skips what is not read, and tells who reads too late", async () => {
  const all = await Array.fromAsync(parts(chunksOf(NESTED)));
  assert.equal(all.length, 7);
  await assert.rejects(contentOf(all[2]!), /1\.1\.1 must be read before the next part/);
  let pulled = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(NESTED + "x".repeat(100_000), 100)) {
      pulled++;
      yield chunk;
    }
  }
  for await (const part of parts(counted())) if (part.path === "1.2") break;
  assert.ok(pulled < 10, `${pulled} chunks`);
});

Deno.test("parts() enters messages that are encoded", async () => {
  const inner = lines("Content-Type: text/plain; name=x.exe", "", "hello");
  for (
    const [encoding, text] of [
      ["base64", Buffer.from(inner).toString("base64").replace(/.{3}/g, "$&\r\n")],
      ["quoted-printable", inner.replaceAll("=", "=3d")],
    ]
  ) {
    const message = lines(
      "Content-Type: message/rfc822",
      `Content-Transfer-Encoding: ${encoding}`,
      "",
      text!,
    );
    assert.deepEqual(await read(message), [
      '1 message/rfc822 - ""',
      '1.1 text/plain x.exe "hello"',
    ]);
  }
});

Deno.test("parts() takes the parts of a digest for messages, and a part may be all header", async () => {
  const message = lines(
    "Content-Type: multipart/digest; boundary=d",
    "",
    "--d",
    "",
    "Content-Type: text/x",
    "",
    "y",
    "--d",
    "Content-Type: application/x; name=z",
    "--d--",
    "--d",
    "Content-Type: text/again",
  );
  assert.deepEqual(await read(message), [
    '1 multipart/digest - ""',
    '1.1 message/rfc822 - ""',
    '1.1.1 text/x - "y\\r\\n"',
    '1.2 application/x z ""',
    '1.3 text/again - ""',
  ]);
});

Deno.test("parts() reads base64 on behind noise and padding", async () => {
  const part = (text: string) => `Content-Transfer-Encoding: base64\r\n\r\n${text}`;
  for (
    const [text, content] of [
      ["Q\r\nU J!D\r\r\n", "ABC"],
      ["QQ==Qg==QUI=", "ABAB"],
      ["QUJ", "AB"],
      [`Q${"\r\n".repeat(50_000)}UJD`, "ABC"],
      ["====", ""],
    ]
  ) {
    assert.deepEqual(await read(part(text!)), [`1 text/plain - "${content}"`], text);
    assert.deepEqual(await read(part(text!), {}, 1), [`1 text/plain - "${content}"`], text);
  }
});

Deno.test("parts() looks not into what is too deep, too many, too long or without a boundary", async () => {
  const deep = Array.from(
    { length: 10_000 },
    (_, i) => lines(`Content-Type: multipart/mixed; boundary=b${i}`, "", `--b${i}`, ""),
  ).join("");
  const found = await Array.fromAsync(parts(chunksOf(deep)));
  assert.equal(found.length, 21);
  assert.equal(found.at(-1)?.limit, "depth");
  const messages = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
  const within = await Array.fromAsync(parts(chunksOf(messages)));
  assert.equal(within.at(-1)?.limit, "depth");
  const many = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${
    "--b\r\n\r\nx\r\n".repeat(5000)
  }`;
  const counted = await Array.fromAsync(parts(chunksOf(many)));
  assert.equal(counted.length, 1002);
  assert.equal(counted.at(-1)?.limit, "parts");
  const [multipart] = await read("Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\ny");
  assert.match(multipart!, /"--x\\r\\n\\r\\ny" boundary$/);
  const [long] = await read(`X: ${"y".repeat(300_000)}\r\n\r\nz`);
  assert.match(long!, /"z" header$/);
  const type = (parameters: number) => `Content-Type: a/b${"; c=d".repeat(parameters)}\r\n\r\n`;
  assert.match((await read(type(200)))[0]!, /header$/);
});

/** Readings of one field each, all of which must have the name. */
const NAMES: readonly string[] = [
  "Content-Disposition: attachment; filename=x.exe",
  "Content-Disposition: attachment; filename = x.exe",
  'Content-Disposition: attachment; filename="x\\.exe"',
  'Content-Disposition: attachment; filename="x.exe',
  "Content-Disposition: attachment; FILENAME*=utf-8'en'x%2Eexe",
  "Content-Disposition: attachment; filename*0=x.; filename*1=exe",
  "Content-Disposition: attachment; filename*1=exe; filename*0=x.",
  "Content-Disposition: attachment; filename*0*=iso-8859-1''x%2e; filename*1=exe",
  "Content-Disposition: attachment; filename=a.txt; filename=x.exe",
  "Content-Disposition: attachment; filename=a.txt; filename*=utf-8''x.exe",
  "Content-Disposition: attachment; filename=x.exe file",
  "Content-Disposition: attachment;\r\n \r\n\tfilename=x.exe",
  'Content-Disposition: attachment; filename="=?utf-8?B?eC5leGU=?="',
  "Content-Disposition: attachment; filename==?us-ascii?q?x=2Eexe?=",
  'Content-Disposition: attachment; filename="=?utf-8?q?x=2E?= =?utf-8?q?exe?="',
  "Content-Disposition: attachment\r\nContent-Disposition: inline; filename=x.exe",
  "Content-Type: text/plain\r\nContent-Type: text/html; name=x.exe",
  "Content-Type: text/plain; name=x.exe (comment)",
  "content-type : text/plain; name*=''x.exe",
  "Content-Type: text/plain; name=x.exe\r\nContent-Disposition: attachment; filename=a.txt",
];

for (const field of NAMES) {
  Deno.test(`parts() finds the name in ${JSON.stringify(field)}`, async () => {
    const [part] = await Array.fromAsync(parts(chunksOf(`${field}\r\n\r\n`)));
    assert.ok(part?.fileNames.includes("x.exe"), JSON.stringify(part?.fileNames));
  });
}

Deno.test("parts() reads the name of a file as people see it", async () => {
  for (
    const [value, name] of [
      ['"=?iso-8859-1?q?caf=e9=2Etxt?="', "café.txt"],
      ["caf\xc3\xa9.txt", "café.txt"],
      ["\"a 'b'; c.txt\"", "a 'b'; c.txt"],
    ]
  ) {
    const message = `Content-Disposition: attachment; filename=${value}\r\n\r\n`;
    const [part] = await Array.fromAsync(parts(chunksOf(message)));
    assert.equal(part?.fileName, name);
  }
  const rfc2231 = "Content-Disposition: x; filename*0*=utf-8''%E2%82; filename*1*=%AC.txt\r\n\r\n";
  const [part] = await Array.fromAsync(parts(chunksOf(rfc2231)));
  assert.equal(part?.fileName, "€.txt");
});

Deno.test("parts() reads loosely what only some programs take for MIME", async () => {
  const both = async (message: string) => [
    (await read(message)).length,
    (await read(message, { loose: true })).length,
  ];
  const mixed = (boundary: string, ...rest: readonly string[]) =>
    lines(`Content-Type: multipart/mixed; boundary=${boundary}`, ...rest);
  assert.deepEqual(await both(mixed("b", "", "--bc", "Content-Type: a/b", "", "x")), [1, 2]);
  assert.deepEqual(await both(lines("Content-Type: text/plain", mixed("b", "", "--b", ""))), [
    1,
    2,
  ]);
  const encoded = Buffer.from("--b\r\nContent-Type: a/b\r\n\r\nx").toString("base64");
  assert.deepEqual(
    await both(mixed("b", "Content-Transfer-Encoding: base64", "", encoded)),
    [1, 3],
  );
  const junk = "X: y\r\njunk\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD";
  assert.deepEqual(await read(junk), ['1 text/plain - "ABC"']);
  assert.equal((await read(junk, { loose: true }))[0]?.includes("junk"), true);
  assert.deepEqual(await both(mixed("b; boundary=c", "", "--b", "", "--c", "")), [3, 3]);
});

const nonsense = fc.array(
  fc.constantFrom(
    ...["\r\n", "\r\n\r\n", "\r\n--a\r\n", "\r\n--ab\r\n", "\r\n--a--\r\n", "x", "=", "=4", "QQ=="],
    ...'\n,--,Content-Type: ,Content-Disposition: a; filename=,;,",*0*='.split(","),
    "\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n",
    "\r\nContent-Type: multipart/mixed; boundary=ab\r\n\r\n",
    "\r\nContent-Type: message/rfc822\r\n\r\n",
    "\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
  ),
  { maxLength: 40 },
).map((pieces) => pieces.join(""));

Deno.test("parts() gives the same however the message is cut into chunks, whatever it is", async () => {
  await fc.assert(
    fc.asyncProperty(
      nonsense,
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      async (text, n, loose) => {
        assert.deepEqual(await read(text, { loose }, n), await read(text, { loose }));
      },
    ),
    { numRuns: 300 },
  );
});

const MB = 1_000_000;

/** Messages of a beginning, and of something that goes on and on behind it. */
const HOSTILE: Readonly<Record<string, readonly [string, string]>> = {
  "one line": ["\r\n", "x"],
  "a header": ["", "x: y\r\n"],
  "one field": ["Content-Type: a/b", "; x=y"],
  "base64 in one line": ["Content-Transfer-Encoding: base64\r\n\r\n", "QUJD"],
  "noise in base64": ["Content-Transfer-Encoding: base64\r\n\r\nQ", "!\r\n"],
  "blanks behind =": ["Content-Transfer-Encoding: quoted-printable\r\n\r\n=", " "],
  "soft line breaks": ["Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=\r\n"],
  "boundaries": ["Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n"],
  "almost boundaries": ["Content-Type: multipart/mixed; boundary=bb\r\n\r\n", "--b\r\n"],
  "a multipart without a boundary": ["Content-Type: multipart/mixed\r\n\r\n", "--b\r\n"],
  "nested messages": ["", "Content-Type: message/rfc822\r\n\r\n"],
};

for (const [what, [beginning, more]] of Object.entries(HOSTILE)) {
  Deno.test(`parts() takes little memory for ${what} without an end`, async () => {
    const chunk = Buffer.from(more.repeat(Math.ceil(65_536 / more.length)), "latin1");
    let most = 0;
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(beginning, "latin1");
      for (let given = 0; given < 50 * MB; given += chunk.length) {
        yield await Promise.resolve(Buffer.from(chunk));
        most = Math.max(most, octetsHeld());
      }
    }
    const before = octetsHeld();
    for await (const part of parts(body(), { loose: true })) for await (const _ of part.content);
    assert.ok(most - before < 200 * MB, `${Math.round((most - before) / MB)} MB`);
  });
}
