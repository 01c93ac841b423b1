/**
 * Messages in lines of ASCII: Python reads in them what it read before.
 *
 * @module
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Buffer, isAscii } from "node:buffer";
import fc from "fast-check";
import { toSevenBit } from "../../src/mime/seven_bit.ts";
import { need } from "../need.ts";

/** A message in chunks of so many octets. */
const messageOf = (text: string | Uint8Array, chunk = 1000) => {
  const octets = Buffer.from(text as string);
  return {
    size: octets.length,
    async *read() {
      for (let at = 0; at < octets.length; at += chunk) yield octets.subarray(at, at + chunk);
    },
  };
};

async function convert(text: string | Uint8Array, chunk?: number): Promise<Buffer> {
  const converted = await toSevenBit(messageOf(text, chunk));
  if ("impossible" in converted) throw new Error(converted.impossible);
  const octets = Buffer.concat(await Array.fromAsync(converted.read()));
  equal(octets.length, converted.size);
  ok(isAscii(octets), "there is an octet beyond ASCII");
  ok(octets.toString("latin1").split("\r\n").every((line) => line.length <= 998), "a long line");
  return octets;
}

/** What Python reads in each message: types, contents and fields of its parts. */
async function read(messages: readonly Uint8Array[]): Promise<unknown[]> {
  const program = `
import email, json, sys
def see(part):
    fields = [k.lower() + ': ' + str(v) for k, v in part.raw_items() if k.lower() not in ('content-transfer-encoding', 'mime-version')]
    if part.is_multipart():
        return [part.get_content_type(), fields, [see(each) for each in part.get_payload()]]
    return [part.get_content_type(), fields, part.get_payload(decode=True).hex()]
print(json.dumps([see(email.message_from_bytes(bytes.fromhex(each))) for each in json.load(sys.stdin)]))
`;
  const child = new Deno.Command("python3", {
    args: ["-c", program],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(
    Buffer.from(JSON.stringify(messages.map((each) => Buffer.from(each).toString("hex")))),
  );
  await input.close();
  const { stdout } = await child.output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

const MULTIPART = [
  "From: joe@example.net",
  "Subject: x",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="b"',
  "Content-Transfer-Encoding: 8bit",
  "",
  "préambule",
  "--b",
  "Content-Type: text/plain; charset=utf-8",
  "Content-Transfer-Encoding: 8bit",
  "",
  "Grüße, a=b ",
  ".",
  "x".repeat(2000),
  "--b",
  "Content-Type: text/plain",
  "",
  "only ASCII",
  "",
  "--b",
  "Content-Type: text/plain; charset=koi8-r",
  "Content-Transfer-Encoding: 8bit",
  "",
  "приветприветпривет",
  "--b",
  "Content-Type: message/rfc822",
  "Content-Transfer-Encoding: 8bit",
  "",
  "Subject: inner",
  "MIME-Version: 1.0",
  'Content-Type: multipart/alternative; boundary="c"',
  "",
  "--c",
  "Content-Type: text/html; charset=utf-8",
  "Content-Transfer-Encoding: 8bit",
  "",
  "<p>größer als gedacht</p>",
  "--c--",
  "--b",
  "Content-Type: application/octet-stream",
  "Content-Transfer-Encoding: base64",
  "",
  "AAECAw==",
  "--b--",
  "épilogue",
  "",
].join("\r\n");

Deno.test({
  name: "each part gets the encoding that suits it, and Python reads the same",
  ...need("python3"),
  fn: async () => {
    const octets = await convert(MULTIPART);
    const text = octets.toString("latin1");
    deepEqual(
      [...text.matchAll(/^Content-Transfer-Encoding: (.*)\r$/gm)].map(([, encoding]) => encoding),
      ["7bit", "quoted-printable", "base64", "7bit", "quoted-printable", "base64"],
    );
    match(text, /^Gr=C3=BC=C3=9Fe, a=3Db=20\r$/m);
    match(text, /^pr\?\?ambule\r$/m);
    const [before, after] = await read([Buffer.from(MULTIPART), octets]);
    deepEqual(after, before);
  },
});

Deno.test({
  name: "a message that says nothing of MIME becomes text in an unknown charset",
  ...need("python3"),
  fn: async () => {
    const text = (await convert("Subject: x\r\n\r\nGr\u00fc\u00dfe, und so weiter und so fort\r\n"))
      .toString();
    match(
      text,
      /^MIME-Version: 1\.0\r\nContent-Type: text\/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3/m,
    );
    const bare =
      (await convert("Content-Type: text/plain; charset=utf-8\r\n\r\nä und viel mehr\r\n"))
        .toString();
    match(bare, /^Content-Type: text\/plain; charset=utf-8\r\nMIME-Version: 1\.0\r\nContent-T/);
  },
});

for (
  const [why, text] of [
    ["it is signed", "DKIM-Signature: v=1; b=x\r\nSubject: x\r\n\r\nä\r\n"],
    ["it is signed", "ARC-Message-Signature: i=1; b=x\r\nSubject: x\r\n\r\nä\r\n"],
    [
      "it is signed",
      "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nä\r\n--b\r\n\r\nx\r\n--b--\r\n",
    ],
    ["a header has octets beyond ASCII", "Subject: ä\r\n\r\nä\r\n"],
    [
      "a header has octets beyond ASCII",
      "Content-Type: message/rfc822\r\n\r\nSubject: ä\r\n\r\nx\r\n",
    ],
    ["part 1 cannot be encoded", "Content-Type: message/partial; id=x\r\n\r\nä\r\n"],
    ["part 1 cannot be encoded", "Content-Transfer-Encoding: x-own\r\n\r\nä\r\n"],
    ["part 1 cannot be encoded", "Content-Type: multipart/mixed\r\n\r\nä\r\n"],
  ] as const
) {
  Deno.test(`${JSON.stringify(text)} stays as it is: ${why}`, async () => {
    deepEqual(await toSevenBit(messageOf(text)), { impossible: why });
  });
}

Deno.test("what is signed stays as it is beside a part that is encoded", async () => {
  const signed = [
    "Content-Type: multipart/signed; boundary=s",
    "",
    "--s",
    "Content-Transfer-Encoding: 8bit",
    "",
    "ASCII",
    "--s",
    "Content-Type: application/pgp-signature",
    "",
    "sig",
    "--s--",
    "",
  ].join("\r\n");
  const text = (await convert(
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${signed}--b\r\n\r\nä und noch mehr\r\n--b--\r\n`,
  )).toString();
  ok(text.includes(signed));
  match(text, /^=C3=A4 und noch mehr\r$/m);
});

/** A message of random parts. */
interface Part {
  readonly header: readonly string[];
  readonly body: string;
}

const contents = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", " ", "=", "é", "\r\n", ".", "\t", "-", "--"),
    maxLength: 60,
  }),
  fc.string({ unit: fc.constantFrom("\0", "\x80", "\xff", "\r", "\n", "a"), maxLength: 60 }),
  fc.constantFrom("y".repeat(1200), "z".repeat(16 * 1024 - 1) + "\r\nä", "é".repeat(20_000)),
);
const leaf: fc.Arbitrary<Part> = fc.tuple(contents, fc.constantFrom("8bit", "binary", "7bit", ""))
  .map(([body, encoding]) => ({
    header: [
      "Content-Type: text/plain; charset=iso-8859-1",
      ...encoding === "" ? [] : [`Content-Transfer-Encoding: ${encoding}`],
    ],
    body,
  }));
const print = ({ header, body }: Part) => `${header.join("\r\n")}\r\n\r\n${body}`;
let boundaries = 0;
const { message } = fc.letrec<{ message: Part }>((tie) => ({
  message: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie("message"), { minLength: 1, maxLength: 3 }).map((parts) => {
      const boundary = `=_${boundaries++}`;
      const body = parts.map((part) => `--${boundary}\r\n${print(part)}\r\n`).join("");
      return {
        header: [`Content-Type: multipart/mixed; boundary="${boundary}"`],
        body: `${body}--${boundary}--\r\n`,
      };
    }),
    tie("message").map((part) => ({
      header: ["Content-Type: message/rfc822", "Content-Transfer-Encoding: 8bit"],
      body: `Subject: inner\r\n${print(part)}`,
    })),
  ),
}));

Deno.test({
  name: "Python reads the same parts in any message, however it comes",
  ...need("python3"),
  fn: async () => {
    const before: Buffer[] = [];
    const after: Buffer[] = [];
    await fc.assert(
      fc.asyncProperty(message, fc.constantFrom(3, 100, 65_536), async (part, chunk) => {
        const octets = Buffer.from(
          `From: a@example.net\r\nMIME-Version: 1.0\r\n${print(part)}`,
          "latin1",
        );
        if (octets.length > 50_000 && chunk < 100) return;
        before.push(octets);
        after.push(await convert(octets, chunk));
      }),
      { numRuns: 100 },
    );
    const seen = await read([...before, ...after]);
    for (const [i, octets] of before.entries()) {
      deepEqual(seen[before.length + i], seen[i], octets.toString("latin1"));
    }
  },
});
