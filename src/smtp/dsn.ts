/**
 * The parameters for delivery status notifications (RFC 3461 section 4): who is told what of a message.
 * @module
 */
import { lower, upper } from "./ascii.ts";
import { type Grammar, oneOf, wrong } from "./grammar.ts";
import { Mailbox } from "./mailbox.ts";
import { decodeUnitext, decodeXtext } from "./xtext.ts";

/** What a sender may be told of the mail for a recipient. */
export type Notification = "SUCCESS" | "FAILURE" | "DELAY";

/** The recipient that the sender has named, before aliases and relays changed it. */
export interface OriginalRecipient {
  /** The kind of address, in lower case: `rfc822`, `utf-8`, `x400`. */
  readonly type: string;
  /** The address; of the type `utf-8` it may have any characters but control characters, else printable ASCII. */
  readonly address: string;
}

/** RET: how much of the message a failure notification has, all of it or the header. */
export const RET: Grammar<"FULL" | "HDRS"> = oneOf(
  9,
  ["FULL", "HDRS"],
  wrong(501, "RET wants FULL or HDRS"),
);

/** Characters of an ENVID. */
const LONGEST_ID = 100;
const NO_ID = wrong(501, `ENVID wants at most ${LONGEST_ID} printable characters in xtext`);

/** ENVID: the sender's own name for the message. Each character may be three octets of xtext. */
export const ENVID: Grammar<string> = {
  octets: 7 + 3 * LONGEST_ID,
  read: (text) => {
    const id = decodeXtext(text ?? "") ?? "";
    return id !== "" && id.length <= LONGEST_ID ? id : NO_ID;
  },
};

const NOTIFICATIONS: ReadonlySet<string> = new Set(
  ["SUCCESS", "FAILURE", "DELAY"] satisfies Notification[],
);
const NO_NOTIFY = wrong(501, "NOTIFY wants NEVER, or SUCCESS, FAILURE and DELAY once each");

/** NOTIFY: of what the sender is told; the empty list is NEVER. */
export const NOTIFY: Grammar<readonly Notification[]> = {
  octets: 29,
  read: (text) => {
    const words = upper(text ?? "").split(",");
    if (words.length === 1 && words[0] === "NEVER") return [];
    const areKnown = words.every((word): word is Notification => NOTIFICATIONS.has(word));
    return areKnown && new Set(words).size === words.length ? words as Notification[] : NO_NOTIFY;
  },
};

const ADDRESS = /^([\w!#$%&'*+\-/?^`{|}~]+);(.*)$/u;
const NO_RECIPIENT = wrong(
  501,
  "ORCPT wants the type of an address, a semicolon and the address in xtext",
);

/** ORCPT: the recipient that the sender has named (RFC 3461 section 4.2, RFC 6533 section 3). */
export const ORCPT: Grammar<OriginalRecipient> = {
  octets: 501,
  read: (text) => {
    const [, written = "", encoded = ""] = ADDRESS.exec(text ?? "") ?? [];
    const type = lower(written);
    const address = type === "utf-8" ? decodeUnitext(encoded) : decodeXtext(encoded);
    if (type === "" || address === undefined) return NO_RECIPIENT;
    return isAddress(type, address) ? { type, address } : NO_RECIPIENT;
  },
};

/** Addresses of Internet mail are mailboxes. Others are not known here. */
function isAddress(type: string, address: string): boolean {
  if (type === "rfc822") return isMailbox(address) || isMailbox(`${address}@localhost`); // Postfix sends local users so
  return type !== "utf-8" || isMailbox(address);
}

const isMailbox = (address: string): boolean => Mailbox.tryParse(address)?.route.length === 0;
