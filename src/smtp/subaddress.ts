/**
 * Extensions of local parts, also called subaddresses (RFC 5233): mail for `joe+list@example.net` reaches joe.
 * @module
 */
import { Mailbox } from "./mailbox.ts";

/** A mailbox without its extension, and the extension with its delimiter: `+list`. */
export interface Cut {
  /** The mailbox without the extension. */
  readonly mailbox: Mailbox;
  /** The extension with its delimiter. */
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

/** The mailbox with its extension; without it if both together are too long for a mailbox. */
export function rejoin(mailbox: Mailbox, suffix: string): Mailbox {
  try {
    return suffix === "" ? mailbox : new Mailbox(mailbox.local + suffix, mailbox.domain);
  } catch {
    return mailbox;
  }
}
