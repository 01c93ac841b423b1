/**
 * The authors of a message, by its header.
 * @module
 */
import { Buffer } from "node:buffer";
import { type Address, Group, parseHeader } from "@haraka/email-address";
import { type Header, type HeaderField, Mailbox } from "postmaster";
import { solidAddresses } from "./address_words.ts";

/** The most addresses in a field. More than a few are no authors, and each is looked up. */
const MAX_ADDRESSES = 100;

/** Who wrote a message, and who sent it (RFC 5322 section 3.6.2). */
export interface Authors {
  /** The addresses in `From`, at least one. */
  readonly from: readonly Mailbox[];
  /** The address in `Sender`, if there is one. */
  readonly sender: Mailbox | undefined;
}

/**
 * Reads `From` and `Sender`.
 *
 * @returns what is wrong with them, if programs could read different addresses in them
 */
export function authorsOf(header: Header): Authors | string {
  const [author, secondAuthor] = header.all("From");
  const [agent, secondAgent] = header.all("Sender");
  if (author === undefined) return "the message has no From field";
  if (secondAuthor ?? secondAgent) return "the message has several From or Sender fields";
  const from = addressesIn(author);
  const sender = agent === undefined ? [] : addressesIn(agent);
  if (from === undefined || from.length === 0) return "the addresses in From cannot be read";
  if (sender === undefined || (agent && sender.length !== 1)) {
    return "the address in Sender cannot be read";
  }
  return { from, sender: sender[0] };
}

/** The addresses in a field, also those in groups; `undefined` for what is no list of addresses, or a doubtful one. */
function addressesIn({ raw }: HeaderField): readonly Mailbox[] | undefined {
  const text = Buffer.from(raw, "latin1").toString();
  const members = membersOf(text);
  if (members === undefined || members.length > MAX_ADDRESSES) return undefined;
  const mailboxes = members.flatMap(({ user, host }) => Mailbox.tryParse(`${user}@${host}`) ?? []);
  const solid = solidAddresses(text);
  const areClear = members.every((member) => isClear(member, solid));
  return areClear && mailboxes.length === members.length ? mailboxes : undefined;
}

function membersOf(text: string): readonly Address[] | undefined {
  try {
    return parseHeader(text, { allowAtInDisplayName: false })
      .flatMap((one) => one instanceof Group ? one.addresses : [one]);
  } catch {
    return undefined;
  }
}

/**
 * Whether all programs see the same address: it has no comments and no white space in it (RFC 5322 section 4.4), and
 * no encoded words (RFC 2047 section 5).
 */
const isClear = ({ user, address }: Address, solid: ReadonlySet<string>): boolean =>
  solid.has(address) && !/=\?|\?=/.test(user);
