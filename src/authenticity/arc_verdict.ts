/**
 * The verdict on a chain of ARC seals (RFC 8617 section 5.2).
 * @module
 */
import { Buffer } from "node:buffer";
import { canonicalName } from "../dns/name.ts";
import type { ArcData, ArcSet, Mailauth } from "./mailauth.ts";
import { KeyFault, keyName } from "./public_keys.ts";
import type { Judgement } from "./signature_judge.ts";
import type { ArcVerdict } from "./verdict.ts";

/** @param newest the judgement of the newest `ARC-Message-Signature` */
export async function arcVerdict(
  { arc }: Mailauth,
  data: ArcData,
  newest: Judgement | undefined,
): Promise<ArcVerdict> {
  const links = data.chain === false ? [] : data.chain;
  const told = { sealers: links.map(sealerOf), results: links.map(resultsOf) };
  if (data.error !== undefined) {
    return { result: "fail", ...told, reason: data.error.message };
  }
  const { lastEntry } = data;
  if (lastEntry === undefined || newest === undefined) return { result: "none", ...told };
  lastEntry.messageSignature = { status: { result: newest.result } };
  const { resolver } = data.keyCache;
  const { status: { result, comment } } = await arc(data, { strict: true, resolver });
  if (result !== "fail") return { result, ...told };
  const fault = comment === undefined ? await keyFaultIn(links, data) : undefined;
  if (fault !== undefined) {
    const result = fault.result === "temperror" ? "temperror" : "fail";
    return { result, ...told, reason: fault.message };
  }
  if (newest.result === "pass") return { result, ...told, reason: comment };
  return {
    result: newest.result === "temperror" ? "temperror" : "fail",
    ...told,
    reason: newest.reason,
  };
}

/** Why the library could not go on: it begins with the newest seal, and has no words for faults of the DNS. */
async function keyFaultIn(links: readonly ArcSet[], { keyCache }: ArcData) {
  for (const { "arc-seal": { parsed } } of links.toReversed()) {
    try {
      await keyCache.get("AS", keyName(`${parsed.s?.value}`, `${parsed.d?.value}`));
    } catch (error) {
      if (error instanceof KeyFault) return error;
      throw error;
    }
  }
  return undefined;
}

const sealerOf = ({ "arc-seal": { parsed } }: ArcSet): string =>
  canonicalName(`${parsed.d?.value ?? ""}`);

/** What the field says, unfolded, without the number of its link. */
function resultsOf({ "arc-authentication-results": { original } }: ArcSet): string {
  const field = Buffer.from(original).toString().replace(/[ \t\r\n]+/g, " ");
  return field.slice(field.indexOf(":") + 1).replace(/^ ?i ?= ?\d+ ?; ?/, "").trim();
}
