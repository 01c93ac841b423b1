/**
 * Extensions of local parts, also called subaddresses (RFC 5233): `joe+list@example.net` is joe's.
 *
 * @module
 */
import { Mailbox } from "./mailbox.ts";

/** A mailbox without an extension, and what was cut off its local part, with the delimiter: `+list`. */
export interface Cut {
  /** What is left. */
  readonly mailbox: Mailbox;
  /** What was cut off. */
  readonly suffix: string;
}

/**
 * The shorter forms of a mailbox, the longest first: at `-`, `a-b-c` is `a-b` with `-c`, then `a` with `-b-c`. A
 * name is never empty.
 *
 * @param delimiter one character, or `""` for none
 */
export function cuts({ local, domain }: Mailbox, delimiter: string): readonly Cut[] {
  if (delimiter === "" || domain === "") return [];
  const found: Cut[] = [];
  for (let end = local.length; (end = local.lastIndexOf(delimiter, end - 1)) > 0;) {
    found.push({ mailbox: new Mailbox(local.slice(0, end), domain), suffix: local.slice(end) });
  }
  return found;
}

/** The mailbox with what was cut off; without it where both together are too long for a mailbox. */
export function rejoin(mailbox: Mailbox, suffix: string): Mailbox {
  try {
    return suffix === "" ? mailbox : new Mailbox(mailbox.local + suffix, mailbox.domain);
  } catch {
    return mailbox;
  }
}
