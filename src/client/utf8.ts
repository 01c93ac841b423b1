/**
 * Addresses and header fields beyond ASCII (RFC 6531), and servers that do not take them.
 * @module
 */
import { isAscii as isAsciiOctets } from "node:buffer";
import type { Outcome } from "../handler/outcome.ts";
import type { Message } from "../message/message.ts";
import { HeaderReader } from "../message/header_reader.ts";
import { asciiName } from "../smtp/idna.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import { isAscii } from "../smtp/unicode.ts";
import type { Mail } from "./mail.ts";
import { cannotTake } from "./refusal.ts";

/** How the addresses of a message are written. */
export interface Spelling {
  /** Whether the message goes with SMTPUTF8. */
  readonly isUtf8: boolean;
  /** The sender: `joe@example.net`; `""` is the null path. */
  readonly sender: string;
  /** Each recipient, or why the message cannot go to it. */
  readonly recipients: readonly (string | Outcome)[];
}

/**
 * How the addresses of a message are written for a server. With SMTPUTF8 they stay as they are. Without it, domains are
 * written in A-labels (RFC 5890). Where more is beyond ASCII, nobody but the sender knows another address, and the mail
 * fails: for one recipient, or for all if it is the sender or the header.
 *
 * @param isOffered whether the server takes SMTPUTF8
 */
export async function spell(
  { sender, parameters, recipients, message }: Mail,
  { host, isOffered }: { readonly host: string; readonly isOffered: boolean },
): Promise<Spelling> {
  const mailboxes = recipients.map(({ mailbox }) => mailbox);
  const said = parameters.has("SMTPUTF8");
  const isNeeded = said ||
    [sender, ...mailboxes].some((one) => one !== null && !isAscii(one.local));
  if (isOffered && isNeeded) {
    return { isUtf8: true, sender: `${sender ?? ""}`, recipients: mailboxes.map(String) };
  }
  const inAscii = sender === null ? "" : spelledInAscii(sender);
  const refused = inAscii === undefined
    ? cannot(host, "the sender's address")
    : said && !await hasAsciiHeader(message)
    ? cannot(host, "the header of the message")
    : undefined;
  return {
    isUtf8: false,
    sender: inAscii ?? "",
    recipients: mailboxes.map((one) =>
      refused ?? spelledInAscii(one) ?? cannot(host, "the recipient's address")
    ),
  };
}

/** RFC 6531 section 3.2 wants the mail returned. */
const cannot = (host: string, what: string): Outcome =>
  cannotTake("5.6.7", `${host} does not support SMTPUTF8, which ${what} needs`);

/** The address with its domain in A-labels; `undefined` if its local part is beyond ASCII. */
export function spelledInAscii(mailbox: Mailbox): string | undefined {
  const { domain } = mailbox;
  if (!isAscii(mailbox.local)) return undefined;
  const text = `${mailbox}`;
  return isAscii(domain) ? text : `${text.slice(0, -domain.length)}${asciiName(domain)}`;
}

async function hasAsciiHeader(message: Message): Promise<boolean> {
  const header = new HeaderReader();
  for await (const chunk of message.read()) {
    const before = header.size;
    header.read(chunk);
    if (!isAsciiOctets(chunk.subarray(0, header.size - before))) return false;
    if (header.ended) break;
  }
  return true;
}
