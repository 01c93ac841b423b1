/**
 * The verdict on a DKIM signature, with what the signature says of itself.
 * @module
 */
import { canonicalName } from "../dns/name.ts";
import type { SignatureField } from "./mailauth.ts";
import type { Judgement } from "./signature_judge.ts";
import type { DkimVerdict } from "./verdict.ts";

/** Letters that tell a signature from others (RFC 6008 section 4 wants eight or more). */
const LETTERS = 8;

/** The verdict. What a sender has written is without white space and control characters, and not long. */
export function dkimVerdict(field: SignatureField, judgement: Judgement): DkimVerdict {
  const { signingDomain, selector, algorithm, parsed, identity = "" } = field;
  const at = identity.lastIndexOf("@") + 1;
  return {
    domain: clean(canonicalName(signingDomain)),
    selector: clean(selector),
    identity: clean(`${identity.slice(0, at)}${canonicalName(identity.slice(at))}`),
    algorithm: clean(algorithm),
    signature: clean(`${parsed.b?.value ?? ""}`).slice(0, LETTERS),
    ...judgement,
  };
}

const clean = (text: string): string => text.replace(/[^!-~]+/g, "?").slice(0, 320);
