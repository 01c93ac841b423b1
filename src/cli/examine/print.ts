/**
 * What an examination finds, in lines for people.
 * @module
 */
import type {
  ArcVerdict,
  DkimVerdict,
  DmarcVerdict,
  SenderAuthentication,
  SpfVerdict,
} from "../../authenticity/verdict.ts";
import { type Lookup, printLookup } from "../asking_resolver.ts";
import type { ExaminedEnvelope, Told } from "./envelope.ts";
import type { Examined } from "./examine.ts";

/** What holds for the message first, then what it rests on. */
export function printExamined(examined: Examined): readonly string[] {
  const { envelope, verdicts, unexamined, results, earlier, lookups } = examined;
  return [
    ...envelopeLines(envelope),
    ...verdictLines(verdicts, unexamined),
    `Authentication-Results: ${results}`,
    ...earlier.map((one) => `when it came: ${one}`),
    ...lookups.length === 0 ? [] : ["DNS:"],
    ...lookups.map((one) => `  ${printLookup(one)} (${printTime(one)})`),
    `${examined.octets} octets, examined in ${printTime(examined)}`,
  ];
}

const printTime = ({ milliseconds }: Pick<Lookup, "milliseconds">): string => `${milliseconds} ms`;

function envelopeLines({ from, ip, helo }: ExaminedEnvelope): readonly string[] {
  return [
    `sender: ${printTold(from, "<>", "--from")}`,
    `client: ${printTold(ip, "unknown", "--ip")}`,
    `HELO: ${printTold(helo, "unknown", "--helo")}`,
  ];
}

const printTold = ({ value, by }: Told<string | null>, without: string, flag: string): string =>
  `${value ?? without} (${
    by === "nobody" ? `the message does not tell: use ${flag}` : `by ${by}`
  })`;

function verdictLines(
  { spf, helo, dkim = [], arc, dmarc }: SenderAuthentication,
  unexamined: number,
): readonly string[] {
  return [
    ...spf === undefined ? ["SPF: not checked: nobody tells the client"] : [],
    ...[spf, helo].flatMap((one) => one === undefined ? [] : [printSpf(one)]),
    ...dkim.length === 0 ? ["DKIM: none: the message is not signed"] : dkim.map(printDkim),
    ...unexamined === 0 ? [] : [`DKIM: ${unexamined} more signatures, which are not looked at`],
    ...arc === undefined ? [] : arcLines(arc),
    ...dmarc === undefined ? [] : dmarcLines(dmarc),
  ];
}

const IDENTITIES: Readonly<Record<SpfVerdict["identity"], string>> = {
  mailfrom: "the sender",
  helo: "HELO",
};

const printSpf = ({ result, identity, domain, reason, explanation, lookups }: SpfVerdict): string =>
  `SPF of ${IDENTITIES[identity]}: ${result}: ${domain || "no domain"}${because(reason)}` +
  `; terms with lookups: ${lookups} of 10` +
  (explanation === undefined ? "" : `; the domain says: ${explanation}`);

function printDkim(one: DkimVerdict): string {
  const { result, domain, selector, identity, algorithm, bits, reason } = one;
  const of = identity === `@${domain}` ? "" : ` for ${identity}`;
  const size = bits === undefined ? "" : `, ${bits} bits`;
  return `DKIM: ${result}: ${domain}${of}${because(reason)}; key ${selector} (${algorithm}${size})`;
}

function arcLines({ result, sealers, results, reason }: ArcVerdict): readonly string[] {
  const by = sealers.length === 0 ? "no seals" : `sealed by ${sealers.join(", then ")}`;
  return [
    `ARC: ${result}: ${by}${because(reason)}`,
    ...results.map((said, i) => `  ${i + 1}. ${sealers[i]} said: ${said}`),
  ];
}

function dmarcLines(
  { result, domain, policyDomain, policy, record, aligned, reason }: DmarcVerdict,
) {
  const by = Object.entries(aligned).flatMap(([name, is]) => is ? [name.toUpperCase()] : []);
  const tags = [...record ?? []].map((tag) => tag.join("="));
  return [
    `DMARC: ${result}: ${domain || "no domain of an author"}` +
    (by.length === 0 ? "" : ` by ${by.join(" and ")}`) + because(reason),
    ...policyDomain === undefined
      ? []
      : [`  policy: ${policy ?? "none"}, by the record of ${policyDomain}: ${tags.join("; ")}`],
  ];
}

const because = (reason: string | undefined): string =>
  reason === undefined || reason === "" ? "" : `, ${reason}`;
