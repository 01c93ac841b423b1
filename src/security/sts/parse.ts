/**
 * The texts by which a domain publishes MTA-STS: its record in the DNS, and its policy (RFC 8461 section 3).
 * @module
 */
import { isDnsName } from "../../dns/name.ts";
import { lower } from "../../smtp/ascii.ts";
import type { StsPolicy } from "./policy.ts";

/** A policy as it was fetched. */
export interface PublishedPolicy {
  readonly policy: StsPolicy;
  /** Seconds for which it counts. */
  readonly maxAge: number;
}

/** The most seconds for which a policy counts (RFC 8461 section 3.2): a year. */
const LONGEST = 31_557_600;

/**
 * The id of a domain's policy, which changes with the policy.
 *
 * @param texts the TXT records of `_mta-sts.DOMAIN`, each as its strings
 * @returns `undefined` unless exactly one record is of MTA-STS, and that one is well-formed
 */
export function idIn(texts: readonly (readonly string[])[]): string | undefined {
  const records = texts.map((strings) => strings.join("")).filter((text) => VERSION.test(text));
  if (records.length !== 1) return undefined;
  const fields = records[0]!.replace(/[ \t]*;[ \t]*$/, "").split(/[ \t]*;[ \t]*/).slice(1);
  if (!fields.every((field) => FIELD.test(field))) return undefined;
  const id = fields.find((field) => field.startsWith("id="))?.slice("id=".length);
  return id !== undefined && /^[A-Za-z0-9]{1,32}$/.test(id) ? id : undefined;
}

const VERSION = /^v=STSv1[ \t]*;/;
const FIELD = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+$/;

/**
 * Parses a policy (section 3.2). Fields that are not known are ignored, and so is the repetition of a field other than
 * `mx`.
 *
 * @throws {TypeError} with what is wrong, for people
 */
export function parsePolicy(text: string): PublishedPolicy {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd()).filter((line) => line !== "");
  const fields = lines.map(parseLine);
  const valueOf = (name: string) => fields.find((field) => field.name === name)?.value;
  const [version, mode, age] = ["version", "mode", "max_age"].map(valueOf);
  if (version !== "STSv1") throw new TypeError("the policy does not have `version: STSv1`");
  if (!isMode(mode)) throw new TypeError("the policy has no mode that is known");
  if (!/^\d{1,10}$/.test(age ?? "")) throw new TypeError("the policy has no valid `max_age`");
  const mx = fields.filter(({ name }) => name === "mx").map(({ value }) => lower(value));
  const wrong = mx.find((pattern) => !PATTERN.test(pattern) || !isDnsName(pattern));
  if (wrong !== undefined) {
    throw new TypeError(`the policy has an \`mx\` that is no name: ${wrong}`);
  }
  if (mx.length === 0 && mode !== "none") throw new TypeError("the policy names no `mx`");
  return { policy: { mode, mx, lines }, maxAge: Math.min(Number(age), LONGEST) };
}

/** A name, perhaps with a left-most label for any label. */
const PATTERN = /^(\*\.)?[\w-]+(\.[\w-]+)*$/;

function parseLine(line: string): { readonly name: string; readonly value: string } {
  const [, name, value] = /^([A-Za-z0-9][\w.-]{0,31}):[ \t]*(\P{Cc}+)$/u.exec(line) ?? [];
  if (name === undefined || value === undefined) {
    throw new TypeError("the policy has a line without a name and a value");
  }
  return { name, value };
}

const isMode = (text: string | undefined): text is StsPolicy["mode"] =>
  text === "enforce" || text === "testing" || text === "none";
