/**
 * Aggregate reports that others have made, read as they are in real life: by RFC 7489 appendix C, by RFC 9990, and by
 * what was before both, with and without namespaces, and with much of it missing.
 * @module
 */
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { parseIp } from "../base/ip.ts";

/** A report as it was read; what is not in it is empty. */
export interface ReadReport {
  readonly organization: string;
  readonly contact: string;
  readonly id: string;
  /** In seconds since the epoch. */
  readonly begin: number | undefined;
  readonly end: number | undefined;
  readonly errors: readonly string[];
  readonly domain: string;
  /** What the record said, by its tags: `p`, `sp`, `adkim`. */
  readonly policy: Readonly<Record<string, string>>;
  readonly rows: readonly ReadRow[];
}

/** Messages that are alike. */
export interface ReadRow {
  readonly source: string;
  readonly count: number;
  readonly disposition: string;
  /** What has passed and is aligned. */
  readonly aligned: { readonly dkim: boolean; readonly spf: boolean };
  readonly reasons: readonly { readonly type: string; readonly comment: string }[];
  readonly headerFrom: string;
  readonly envelopeFrom: string;
  readonly envelopeTo: string;
  readonly dkim: readonly {
    readonly domain: string;
    readonly selector: string;
    readonly result: string;
  }[];
  readonly spf: readonly {
    readonly domain: string;
    readonly scope: string;
    readonly result: string;
  }[];
}

/** An element: a text, or elements by their names. */
type Node = unknown;

/**
 * Reads a report.
 *
 * @throws {Error} if it is none
 */
export function readReport(xml: string): ReadReport {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml)) {
    throw new Error("it has a document type, which no report needs");
  }
  if (XMLValidator.validate(xml) !== true) throw new Error("its XML is broken or cut off");
  const parser = new XMLParser({
    ...{ ignoreAttributes: true, removeNSPrefix: true, parseTagValue: false },
    ignoreDeclaration: true,
  });
  const feedback = inside(parser.parse(xml), "feedback");
  if (feedback === undefined) throw new Error("it is no report of DMARC: it has no `feedback`");
  const metadata = inside(feedback, "report_metadata");
  const range = inside(metadata, "date_range");
  const { domain = "", ...policy } = textsIn(inside(feedback, "policy_published"));
  return {
    organization: text(metadata, "org_name"),
    contact: text(metadata, "email"),
    id: text(metadata, "report_id"),
    ...{ begin: numberIn(text(range, "begin")), end: numberIn(text(range, "end")) },
    errors: all(metadata, "error").map(textOf).filter((error) => error !== ""),
    ...{ domain, policy },
    rows: all(feedback, "record").map(rowOf),
  };
}

function rowOf(record: Node): ReadRow {
  const row = inside(record, "row");
  const evaluated = inside(row, "policy_evaluated");
  const identifiers = inside(record, "identifiers") ?? inside(record, "identities");
  const results = inside(record, "auth_results");
  const source = text(row, "source_ip");
  const passes = (what: string) => word(evaluated, what) === "pass";
  return {
    source: parseIp(source)?.toString() ?? source,
    count: numberIn(text(row, "count")) ?? 0,
    disposition: word(evaluated, "disposition") || "none",
    aligned: { dkim: passes("dkim"), spf: passes("spf") },
    reasons: all(evaluated, "reason").map((reason) => ({
      ...{ type: word(reason, "type"), comment: text(reason, "comment") },
    })),
    headerFrom: text(identifiers, "header_from").toLowerCase(),
    envelopeFrom: text(identifiers, "envelope_from"),
    envelopeTo: text(identifiers, "envelope_to"),
    dkim: all(results, "dkim").filter(isFull).map((one) => ({
      ...{ domain: text(one, "domain"), selector: text(one, "selector") },
      result: word(one, "result"),
    })),
    spf: all(results, "spf").filter(isFull).map((one) => ({
      ...{ domain: text(one, "domain"), scope: word(one, "scope"), result: word(one, "result") },
    })),
  };
}

const isFull = (node: Node): boolean => typeof node === "object";

/** The elements of a name in another one. */
function all(node: Node, name: string): readonly Node[] {
  if (typeof node !== "object" || node === null || !Object.hasOwn(node, name)) return [];
  const found = (node as Readonly<Record<string, Node>>)[name];
  return Array.isArray(found) ? found : [found];
}

const inside = (node: Node, name: string): Node => all(node, name)[0];

const textOf = (node: Node): string => typeof node === "string" ? node.trim() : "";

const text = (node: Node, name: string): string => textOf(inside(node, name));

const word = (node: Node, name: string): string => text(node, name).toLowerCase();

/** All texts that are directly in an element. */
const textsIn = (node: Node): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.keys(typeof node === "object" && node !== null ? node : {})
      .map((name) => [name, text(node, name)] as const)
      .filter(([, said]) => said !== ""),
  );

/** Some write seconds with a fraction. */
function numberIn(written: string): number | undefined {
  return /^\d{1,15}(?:\.\d+)?$/.test(written) ? Math.floor(Number(written)) : undefined;
}
