import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { checkSignatures } from "../../src/authenticity/signatures.ts";
import { DOMAIN, KEY_NAME, makeKey, openDkim } from "../handlers/milter/dkim.ts";
import { asks, sent } from "../handlers/milter/sessions.ts";
import { need, needFile } from "../need.ts";
import { type Sample, samples } from "./samples.ts";
import { check, dnsOf, pieces } from "./signed.ts";
import {
  byDkimpy,
  byMailDkim,
  DOMAIN as SAMPLE_DOMAIN,
  FORMS,
  PERL,
  PYTHON,
  RECORDS,
  type SignAll,
} from "./signers.ts";

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

/**
 * Whether SMTP refuses a message, or a milter changes it: a CR without LF, an LF without CR, a NUL, octets outside of
 * ASCII in the header, white space between a name and its colon.
 */
function isUnfit(text: string): boolean {
  const header = text.slice(0, text.indexOf("\r\n\r\n"));
  return /\r(?!\n)|(?<!\r)\n|\0/.test(text) || /[^\0-\x7f]/.test(header) ||
    /^[!-9;-~]+[ \t]+:/m.test(header);
}

Deno.test({
  name: "checkSignatures() passes what OpenDKIM signs",
  ...need("opendkim"),
  fn: async () => {
    const key = makeKey();
    const texts = samples(1000).map(({ text }) => text.replaceAll(SAMPLE_DOMAIN, DOMAIN))
      .filter((text) => !isUnfit(text)).slice(0, 300);
    equal(texts.length, 300);
    for (const form of FORMS) {
      await using signer = await openDkim(key, "s", [`Canonicalization ${form}`]);
      const policy = asks({ address: signer.address });
      for (const [number, text] of texts.entries()) {
        const { message = "", replies } = await sent(policy, text);
        equal(replies.at(-1), "250 2.0.0", text);
        const { dkim: [verdict] } = await check(message, { [KEY_NAME]: key.record }, {
          now: new Date(),
        });
        equal(verdict?.result, "pass", `${number} ${form}: ${verdict?.reason}`);
      }
    }
  },
});
