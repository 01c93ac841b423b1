/**
 * Patterns for addresses and names: plain forms, no wildcards.
 * @module
 */
import { canonicalName, isMailDomain, isSameName, Mailbox } from "postmaster";
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
  const wanted = canonicalName(text);
  if (wanted === "<>") return (mailbox) => mailbox === null;
  if (wanted.startsWith("@.") && isMailDomain(wanted.slice(2))) {
    return (mailbox) => mailbox?.domain.toLowerCase().endsWith(wanted.slice(1)) ?? false;
  }
  if (wanted.startsWith("@") && isMailDomain(wanted.slice(1))) {
    return (mailbox) => mailbox != null && isSameName(mailbox.domain, wanted.slice(1));
  }
  const local = wanted.endsWith("@") ? Mailbox.tryParse(`${wanted}any.invalid`)?.local : undefined;
  if (local !== undefined) return (mailbox) => mailbox?.local.toLowerCase() === local;
  const key = Mailbox.tryParse(wanted)?.key;
  if (key !== undefined) return (mailbox) => mailbox?.key.toLowerCase() === key;
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
  (text) => {
    const wanted = canonicalName(text);
    return wanted.startsWith(".")
      ? (name) => canonicalName(name).endsWith(wanted)
      : (name) => canonicalName(name) === wanted;
  },
);
