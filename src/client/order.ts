/**
 * How a message is sent to a server that offers what it offers.
 * @module
 */
import type { Outcome } from "../handler/outcome.ts";
import { formFor } from "./form.ts";
import { limitsOf, type PeerLimits } from "./limits.ts";
import type { Mail } from "./mail.ts";
import { mailParameters, obstacle, rcptParameters } from "./parameters.ts";
import type { Peer } from "./peer.ts";
import type { Order } from "./transaction.ts";
import { spell } from "./utf8.ts";

/** The most recipients of one transaction: as many as RFC 5321 section 4.5.3.1.8 wants servers to take. */
const MOST = 100;

/** Transactions, and what is clear without one. Recipients are numbered as those of the mail. */
export interface Orders {
  readonly orders: readonly { readonly order: Order; readonly recipients: readonly number[] }[];
  readonly settled: ReadonlyMap<number, Outcome>;
}

/** Says how the mail is sent. */
export async function orderFor(mail: Mail, peer: Peer, isLmtp: boolean): Promise<Orders> {
  const { extensions } = peer;
  const { recipients } = mail;
  const now = Date.now();
  const form = await formFor(mail, peer);
  if ("result" in form) return allSettled(mail, form);
  const { body } = form;
  const isBinary = body === "BINARYMIME";
  const message = await mail.signer?.sign(form.message, isBinary) ?? form.message;
  const refused = obstacle({ ...mail, message }, peer, now);
  if (refused !== undefined) return allSettled(mail, refused);
  const isOffered = extensions.has("SMTPUTF8");
  const { sender, isUtf8, recipients: spelled } = await spell(mail, { host: peer.host, isOffered });
  const settled = new Map<number, Outcome>();
  const going: number[] = [];
  for (const [i, one] of spelled.entries()) {
    if (typeof one === "string") going.push(i);
    else settled.set(i, one);
  }
  const options = mailParameters(mail, peer, { size: message.size, body, isUtf8, now });
  const domainOf = (i: number) => recipients[i]!.mailbox.domain;
  const orders = transactions(going, domainOf, limitsOf(extensions)).map((some) => ({
    recipients: some,
    order: {
      mail: `MAIL FROM:<${sender}>${options}`,
      rcpt: some.map((i) => `RCPT TO:<${spelled[i]}>${rcptParameters(recipients[i]!, peer)}`),
      message,
      inChunks: isBinary,
      isPipelined: extensions.has("PIPELINING"),
      isLmtp,
    },
  }));
  return { orders, settled };
}

const allSettled = ({ recipients }: Mail, outcome: Outcome): Orders => ({
  orders: [],
  settled: new Map(recipients.map((_, i) => [i, outcome])),
});

/** The recipients of each transaction: as many as it may have, of as many domains. */
function transactions(
  recipients: readonly number[],
  domainOf: (recipient: number) => string,
  limits: PeerLimits,
): readonly (readonly number[])[] {
  const all: number[][] = [];
  let domains = new Set<string>();
  for (const recipient of recipients) {
    const domain = domainOf(recipient);
    const last = all.at(-1);
    const isFull = last === undefined || last.length >= Math.min(MOST, limits.recipients) ||
      !domains.has(domain) && domains.size >= limits.domains;
    if (isFull) domains = new Set();
    if (isFull) all.push([recipient]);
    else last.push(recipient);
    domains.add(domain);
  }
  return all;
}
