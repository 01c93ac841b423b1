/**
 * The field `Authentication-Results` (RFC 8601): what a server has found out, for programs further in.
 * @module
 */
import { BEGINNING, withoutField } from "../message/without_field.ts";
import { mayBeBy } from "./results_writer.ts";
import type { SenderAuthentication, SpfVerdict } from "./verdict.ts";

const RESULTS = "Authentication-Results";

/** Octets of a line that is not folded any more. */
const WIDTH = 78;
/** Characters of a reason. */
const MAX_REASON = 150;
/** Characters of any other value: a domain has no more. */
const MAX_VALUE = 255;

/** One result: its parts, between which a line may be folded. */
type Result = readonly string[];

/**
 * The field that says what handlers have found out, with its CRLF; empty if they have checked nothing. It belongs above
 * all other fields, also above `Received` of this server, so that programs further in can tell it from what came with
 * the message (section 4.1).
 *
 * @param id the name by which the server is known to programs that read the field (its authserv-id)
 */
export function resultsField(found: SenderAuthentication, id: string): string {
  const results = resultsOf(found, id);
  return results === undefined ? "" : `${RESULTS}: ${results}\r\n`;
}

/** The value of the field; `undefined` if nothing was checked. */
export function resultsOf(found: SenderAuthentication, id: string): string | undefined {
  const results: Result[] = [
    ...found.spf === undefined ? [] : [spfResult(found.spf)],
    ...found.helo === undefined || found.helo.result === "none" ? [] : [spfResult(found.helo)],
    ...dkimResults(found),
    ...arcResult(found),
    ...dmarcResult(found),
  ];
  if (results.length === 0) return undefined;
  return [valueOf(id), ...results.map(folded)].join(";\r\n\t");
}

/**
 * The message without the fields by which somebody else speaks in the name of this server (section 5).
 *
 * @param trusted the values of fields that stay
 */
export const withoutForgeries = (
  body: AsyncIterable<Uint8Array>,
  id: string,
  trusted: readonly string[] = [],
): AsyncIterable<Uint8Array> => {
  const known = new Set(trusted.map((value) => value.slice(0, BEGINNING).trim()));
  const isForged = (beginning: string) =>
    mayBeBy(id, beginning, beginning.length < BEGINNING) && !known.has(beginning.trim());
  return withoutField(body, RESULTS, isForged);
};

const spfResult = ({ result, identity, domain, reason }: SpfVerdict): Result => [
  `spf=${result}`,
  ...why(result, reason),
  `smtp.${identity}=${valueOf(domain)}`,
];

function dkimResults({ dkim }: SenderAuthentication): readonly Result[] {
  if (dkim === undefined) return [];
  if (dkim.length === 0) return [["dkim=none"]];
  return dkim.map(({ result, reason, domain, identity, selector, algorithm, signature }) => [
    `dkim=${result}`,
    ...why(result, reason),
    `header.d=${valueOf(domain)}`,
    ...identity === `@${domain}` ? [] : [`header.i=${valueOf(identity)}`],
    `header.s=${valueOf(selector)}`,
    `header.a=${valueOf(algorithm)}`,
    `header.b=${valueOf(signature)}`,
  ]);
}

function arcResult({ arc }: SenderAuthentication): readonly Result[] {
  if (arc === undefined) return [];
  const by = arc.sealers.at(-1);
  return [[
    `arc=${arc.result}`,
    ...why(arc.result, arc.reason),
    ...by === undefined ? [] : [`header.d=${valueOf(by)}`],
  ]];
}

function dmarcResult({ dmarc }: SenderAuthentication): readonly Result[] {
  if (dmarc === undefined) return [];
  const { result, reason, policy, disposition, domain } = dmarc;
  const override = disposition?.override;
  return [[
    `dmarc=${result}`,
    ...why(result, override === undefined ? reason : `${reason}; ${override.comment}`),
    ...policy === undefined ? [] : [`policy.dmarc=${policy}`],
    ...domain === "" ? [] : [`header.from=${valueOf(domain)}`],
  ]];
}

/** The reason of a result other than `pass`. */
const why = (result: string, reason: string | undefined): Result =>
  result === "pass" || reason === undefined ? [] : [`reason=${quoted(reason, MAX_REASON)}`];

/** A value as it is, or between quotes. Nothing that a sender writes leaves them. */
const valueOf = (text: string): string =>
  /^[!#$%&'*+.0-9A-Z^_`a-z{|}~@-]{1,255}$/.test(text) ? text : quoted(text, MAX_VALUE);

const quoted = (text: string, most: number): string => {
  const plain = text.slice(0, most).replace(/[^ -~]/g, "?");
  return `"${plain.replace(/["\\]/g, "\\$&")}"`;
};

/** Columns of a tab. */
const TAB = 8;

/** A result in lines that are not too long, if its parts are not. */
function folded([first = "", ...others]: Result): string {
  let lines = first;
  let width = TAB + first.length;
  for (const part of others) {
    const folds = width + 1 + part.length > WIDTH;
    lines += (folds ? "\r\n\t\t" : " ") + part;
    width = part.length + (folds ? 2 * TAB : width + 1);
  }
  return lines;
}
