import { deepEqual, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { checkSignatures } from "../../src/authenticity/signatures.ts";
import { needFile } from "../need.ts";
import { type Sample, samples } from "./samples.ts";
import { dnsOf, pieces } from "./signed.ts";
import { byDkimpy, byMailDkim, PERL, PYTHON, RECORDS, type SignAll } from "./signers.ts";

const SAMPLES = samples(300);
const MESSAGES = SAMPLES.map(({ text }) => Buffer.from(text, "latin1"));

/** What of the messages that others have signed does not pass, in each form. */
async function rejected(sign: SignAll, isSigned: (sample: Sample) => boolean = () => true) {
  const signed = await sign(MESSAGES);
  ok(signed.length > 1000, `only ${signed.length} were signed`);
  const rejected: string[] = [];
  for (const { number, form, message } of signed) {
    if (!isSigned(SAMPLES[number]!)) continue;
    const { dkim: [verdict] } = await checkSignatures(pieces(message, 1 + number * 7), {
      resolver: dnsOf(RECORDS),
      now: new Date(),
    });
    if (verdict?.result !== "pass") rejected.push(`${number} ${form}: ${verdict?.reason}`);
  }
  return rejected;
}

Deno.test({
  name: "checkSignatures() passes what dkimpy signs",
  ...needFile(PYTHON, "apt-get install python3-dkim"),
  // It signs CRLF for each LF, which it expects servers on the way to send.
  fn: async () => deepEqual(await rejected(byDkimpy, ({ hasBareLf }) => !hasBareLf), []),
});

Deno.test({
  name: "checkSignatures() passes what Mail::DKIM signs",
  ...needFile(PERL, "apt-get install libmail-dkim-perl"),
  fn: async () => deepEqual(await rejected(byMailDkim), []),
});
