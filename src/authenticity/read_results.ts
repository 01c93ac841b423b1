/**
 * What a field `Authentication-Results` says (RFC 8601 section 2.2), also that of a seal of ARC.
 * @module
 */
import { lower } from "../smtp/ascii.ts";
import { writerOf } from "./results_writer.ts";
import { partsOf, unquoted } from "./structured.ts";

/** One result. */
export interface ResultRead {
  /** `spf`, `dkim`, `dmarc`, `arc`, in lower case. */
  readonly method: string;
  /** `pass`, in lower case. */
  readonly result: string;
  /** What it is about, by names in lower case: `header.from`, `smtp.mailfrom`, `reason`. */
  readonly properties: ReadonlyMap<string, string>;
}

/** What a field says. */
export interface ResultsRead {
  /** The server that has written it (`authserv-id`). */
  readonly id: string;
  readonly results: readonly ResultRead[];
}

/** Characters of a result that are read. */
const MAX_RESULT = 4096;

/** A name and a value. White space may stand between any two parts of it. */
const PAIR = /(?<![\w.-])([a-z][\w.-]*(?:\s*[/.]\s*[\w-]+)?)\s*=\s*("(?:[^"\\]|\\[^])*"|[^\s"]+)/gi;

/** Reads the value of a field; `undefined` for one that does not say who has written it. */
export function readResults(value: string): ResultsRead | undefined {
  const id = writerOf(value);
  if (id === undefined) return undefined;
  const [, ...parts] = partsOf(value);
  return { id, results: parts.flatMap((part) => resultIn(part?.slice(0, MAX_RESULT) ?? "")) };
}

function resultIn(part: string): ResultRead[] {
  const [first, ...others] = Array.from(
    part.matchAll(PAIR),
    ([, name = "", value = ""]) => [lower(name.replace(/\s+/g, "")), unquoted(value)] as const,
  );
  if (first === undefined) return [];
  const [method, result] = first;
  const properties = new Map(others.toReversed()); // the first of two counts
  return [{ method: method.replace(/\/.*/, ""), result: lower(result), properties }];
}
