import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { HeaderReader } from "../../src/message/header_reader.ts";
import { encode } from "../../src/smtp/ascii.ts";

/** What is found in a message that comes in chunks. */
function factsOf(...chunks: readonly string[]) {
  const facts = new HeaderReader();
  for (const chunk of chunks) facts.read(encode(chunk));
  const { size, received, ended } = facts;
  return { size, received, ended };
}

/** The same, found in the whole of it. */
function expected(message: string) {
  const [header] = /^(\r\n|[^]*?\n\r\n)/.exec(message) ?? [];
  const size = (header ?? message).length;
  const fields = message.slice(0, size).match(/(^|\n)received[ \t]*:/gi);
  return { size, received: fields?.length ?? 0, ended: header !== undefined };
}

Deno.test("HeaderReader counts the Received fields, and no others", () => {
  const header = "Received: a\r\nRECEIVED \t: b\r\n c\r\nReceived-SPF: d\r\nX-Received: e\r\n" +
    " Received: f\r\nReceive: g\r\nReceived\r\nreceived:\r\n\r\n";
  deepEqual(factsOf(`${header}Received: in the body\r\n`), {
    size: header.length,
    received: 3,
    ended: true,
  });
});

Deno.test("HeaderReader finds the same however the message is cut", () => {
  const piece = fc.constantFrom(
    "Received",
    "received:",
    "RECEIVED",
    " ",
    "\t",
    ":",
    "\r",
    "\n",
    "\r\n",
    "\r\n\r\n",
    "x",
  );
  fc.assert(fc.property(fc.array(piece), fc.nat(6), (pieces, length) => {
    const message = pieces.join("");
    const chunks = message.match(new RegExp(`[^]{1,${length + 1}}`, "g")) ?? [];
    deepEqual(factsOf(...chunks), expected(message));
  }));
});
