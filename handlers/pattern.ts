/**
 * Patterns for addresses and names: plain forms, no wildcards.
 * @module
 */
import { canonicalName, foldCase, isMailDomain, Mailbox } from "postmaster";
import { kinds, type z } from "postmaster/making";

/** True for a mailbox that matches; `null` is the null sender. */
export type MailboxPattern = (mailbox: Mailbox | null) => boolean;

/**
 * A pattern for mailboxes: `joe@example.net`, `@example.net` for a domain, `@.example.net` for all below it, `joe@`
 * for any domain, `<>` for the null sender. Case does not matter.
 *
 * @throws {TypeError} for anything else
 */
export function parseMailboxPattern(text: string): MailboxPattern {
  if (text === "<>") return (mailbox) => mailbox === null;
  const domain = canonicalName(text.replace(/^@\.?/, ""));
  if (text.startsWith("@") && isMailDomain(domain)) {
    const matches = nameMatcher(text.slice(1));
    return (mailbox) => mailbox !== null && matches(mailbox.domain);
  }
  const local = text.endsWith("@") ? Mailbox.tryParse(`${text}any.invalid`)?.local : undefined;
  if (local !== undefined) {
    const folded = foldCase(local);
    return (mailbox) => mailbox !== null && foldCase(mailbox.local) === folded;
  }
  const key = Mailbox.tryParse(text.replace(/\.$/, ""))?.foldedKey;
  if (key !== undefined) return (mailbox) => mailbox?.foldedKey === key;
  throw new TypeError(
    `\`${text}\` is no pattern for addresses: write joe@example.net, @example.net, @.example.net, joe@ or <>`,
  );
}

/** An option that is a {@linkcode MailboxPattern}. */
export const mailboxPattern: z.ZodType<MailboxPattern, string> = kinds.text(
  "an address such as joe@example.net, or @example.net for a domain",
  parseMailboxPattern,
);

/** A pattern for names: a domain, or `.example.net` for all names below it. */
export const namePattern: z.ZodType<(name: string) => boolean, string> = kinds.text(
  "a name such as mail.example.net, or .example.net for all below it",
  nameMatcher,
);

function nameMatcher(text: string): (name: string) => boolean {
  const wanted = canonicalName(text.replace(/^\./, ""));
  return text.startsWith(".")
    ? (name) => canonicalName(name).endsWith(`.${wanted}`)
    : (name) => canonicalName(name) === wanted;
}
