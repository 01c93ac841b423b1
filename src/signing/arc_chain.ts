/**
 * The chain of ARC sets that a message has (RFC 8617 section 4.2).
 * @module
 */
import type { Header, HeaderField } from "../message/fields.ts";
import { relaxedField } from "../message/relaxed.ts";
import { lower } from "../smtp/ascii.ts";

/** The fields of a set, in the order in which they are sealed (section 5.1.1). */
const FIELDS = [
  ...["ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"] as const,
];

/** The most sets (section 4.2.1). */
export const MOST_SETS = 50;

/** What is known of a chain. */
export interface Chain {
  /** The number of the last set; 0 if there is none. */
  readonly last: number;
  /** Whether each set from 1 on is there once. */
  readonly isWhole: boolean;
  /** Whether the last seal says that the chain before it is broken: then nobody goes on with it (section 5.1). */
  readonly isOver: boolean;
  /** The canonical fields of all sets, each with CRLF, in the order in which they are sealed. */
  readonly text: string;
}

/** Reads the chain. */
export function chainIn(header: Header): Chain {
  const fields = header.all(...FIELDS);
  const numbered = Map.groupBy(fields, instanceOf);
  const last = Math.max(0, ...numbered.keys());
  const sets = Array.from({ length: Math.min(last, MOST_SETS) }, (_, i) => numbered.get(i + 1));
  const ordered = sets.map((set = []) =>
    FIELDS.flatMap((name) => set.filter((field) => lower(field.name) === lower(name)))
  );
  const isWhole = last <= MOST_SETS && fields.length === last * FIELDS.length &&
    ordered.every((set) => new Set(set.map(({ name }) => lower(name))).size === FIELDS.length);
  const seals = (numbered.get(last) ?? []).filter(({ name }) => lower(name) === "arc-seal");
  return {
    ...{ last, isWhole },
    isOver: seals.some((seal) => /(?:^|;)\s*cv\s*=\s*fail\s*(?:;|$)/i.test(seal.raw)),
    text: ordered.flat().map(({ name, raw }) => `${relaxedField(name, raw)}\r\n`).join(""),
  };
}

/** The number of a field's set; 0 for none. */
function instanceOf({ raw }: HeaderField): number {
  const [, digits = "0"] = /(?:^|;)\s*i\s*=\s*(\d{1,4})\s*(?:;|$)/.exec(raw) ?? [];
  return Number(digits);
}
