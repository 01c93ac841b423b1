/**
 * Which fields of a header a signature covers (RFC 6376 section 5.4).
 * @module
 */
import type { Header, HeaderField } from "../message/fields.ts";
import { relaxedField } from "../message/relaxed.ts";
import { lower } from "../smtp/ascii.ts";

/**
 * Fields that are named once more than the message has them, so that nobody can add one, which programs might show
 * instead: also those that the message has not at all (section 8.15).
 */
const SEALED = [
  ...["From", "To", "Cc", "Reply-To", "Subject", "In-Reply-To", "References"],
  ...["MIME-Version", "Content-Type", "Content-Transfer-Encoding"],
];
/** The same for fields that the message has: servers on the way may add them to others. */
const SEALED_IF_PRESENT = ["Date", "Message-ID", "Sender"];
/** Fields that lists and those who send a message again may add. */
const SIGNED = [
  ...["Resent-Date", "Resent-From", "Resent-To", "Resent-Cc", "Resent-Sender", "Resent-Message-ID"],
  ...["List-ID", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe"],
  ...["List-Post", "List-Owner", "List-Archive"],
  ...["Content-ID", "Content-Description", "Content-Disposition", "Auto-Submitted", "Autocrypt"],
  ...["TLS-Required", "TLS-Report-Domain", "TLS-Report-Submitter"],
];

/** What a signature says of the header, and what is signed of it. */
export interface SignedFields {
  /** The names for the tag `h`. */
  readonly names: readonly string[];
  /** The fields in their canonical form, each with CRLF, one character an octet. */
  readonly text: string;
}

/**
 * The fields that are signed.
 *
 * @param more names of fields that are signed, too, where the message has them
 */
export function signedFields(header: Header, more: readonly string[] = []): SignedFields {
  const usual = [...SEALED, ...SEALED_IF_PRESENT, ...SIGNED];
  const known = new Set(usual.map(lower));
  const all = [...usual, ...more.filter((name) => !known.has(lower(name)))];
  const found = Map.groupBy(header.all(...all), ({ name }) => lower(name));
  const names: string[] = [];
  const lines: string[] = [];
  for (const name of all) {
    const fields: readonly HeaderField[] = found.get(lower(name)) ?? [];
    for (const { raw } of fields.toReversed()) { // from the bottom (section 5.4.2)
      names.push(name);
      lines.push(`${relaxedField(name, raw)}\r\n`);
    }
    const isSealed = SEALED.includes(name) || fields.length > 0 && SEALED_IF_PRESENT.includes(name);
    if (isSealed) names.push(name);
  }
  return { names, text: lines.join("") };
}
