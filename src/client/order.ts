/**
 * How a message is sent to a server that offers what it offers.
 * @module
 */
import type { Outcome } from "../handler/outcome.ts";
import { readParameter } from "../smtp/parameter_values.ts";
import type { Mail } from "./mail.ts";
import type { Peer } from "./peer.ts";
import type { Order } from "./transaction.ts";

/** The most recipients of one transaction: as many as RFC 5321 section 4.5.3.1.8 wants servers to take. */
const MOST = 100;

/** Transactions, and what is clear without one. Recipients are numbered as those of the mail. */
export interface Orders {
  readonly orders: readonly { readonly order: Order; readonly recipients: readonly number[] }[];
  readonly settled: ReadonlyMap<number, Outcome>;
}

/** Says how the mail is sent. */
export function orderFor(mail: Mail, { extensions }: Peer, isLmtp: boolean): Orders {
  const { sender, parameters, message, recipients } = mail;
  const options = [
    extensions.has("SIZE") ? ` SIZE=${message.size}` : "",
    extensions.has("8BITMIME") && readParameter(parameters, "BODY") === "8BITMIME"
      ? " BODY=8BITMIME"
      : "",
  ].join("");
  const from = `MAIL FROM:<${sender ?? ""}>${options}`;
  const orders = [];
  for (let start = 0; start < recipients.length; start += MOST) {
    const some = recipients.slice(start, start + MOST);
    orders.push({
      recipients: some.map((_, i) => start + i),
      order: {
        mail: from,
        rcpt: some.map(({ mailbox }) => `RCPT TO:<${mailbox}>`),
        message,
        inChunks: false,
        isPipelined: extensions.has("PIPELINING"),
        isLmtp,
      },
    });
  }
  return { orders, settled: new Map() };
}
