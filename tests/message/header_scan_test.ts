import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { HeaderOctets } from "../../src/message/header_octets.ts";
import { type HeaderFacts, HeaderScan } from "../../src/message/header_scan.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { octetsCopied } from "../copied.ts";

const MESSAGE =
  "Received: by x\r\nX: received:\r\nRECEIVED \t: by y\r\nReceived\r\n\r\nReceived: z\r\n";

async function* inPieces(text: string, size: number) {
  for (let i = 0; i < text.length; i += size) {
    yield await Promise.resolve(encode(text.slice(i, i + size)));
  }
}

Deno.test("HeaderScan passes a message on, and finds the size of its header and its Received fields", async () => {
  for (let size = 1; size <= MESSAGE.length; size++) {
    const found: HeaderFacts[] = [];
    const scan = new HeaderScan(inPieces(MESSAGE, size), 1000, (facts) => found.push(facts));
    equal(Buffer.concat(await Array.fromAsync(scan)).toString(), MESSAGE);
    deepEqual(found, [{
      size: MESSAGE.indexOf("Received: z"),
      received: 2,
    }]);
  }
});

Deno.test("HeaderScan takes a message without an empty line, or that begins with one, for what it is", async () => {
  for (const [message, size] of [["A: b\r\n", 6], ["", 0], ["\r\nReceived: x\r\n", 2]] as const) {
    const found: HeaderFacts[] = [];
    const scan = new HeaderScan(inPieces(message, 3), 1000, (facts) => found.push(facts));
    await Array.fromAsync(scan);
    deepEqual(found, [{ size, received: 0 }]);
  }
});

Deno.test("HeaderScan reports a header over its cap at once, and what that throws ends the body", async () => {
  const tooBig = new Error("too big");
  const scan = new HeaderScan(inPieces("A: b\r\n".repeat(1000), 1), 100, ({ size }) => {
    equal(size, 101);
    throw tooBig;
  });
  await rejects(Array.fromAsync(scan), tooBig);
});

Deno.test("HeaderOctets copies a few times what is added, octet by octet", () => {
  const header = new HeaderOctets();
  const copied = octetsCopied(() => {
    for (let i = 0; i < 100_000; i++) header.add(Uint8Array.of(0x78));
  });
  deepEqual([header.length, header.end], [100_000, undefined]);
  ok(copied < 400_000, `${copied} octets copied`);
});
