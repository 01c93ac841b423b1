/**
 * Mail that goes in circles: it was delivered to the mailbox, or sent on for it, before. `Delivered-To` fields tell.
 * @module
 */
import { Header } from "../message/fields.ts";
import { HeaderOctets } from "../message/header_octets.ts";
import type { Addressee, Route } from "../handler/reply.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import type { Message, Outcome } from "./target.ts";

/** Octets of a header that are searched. */
const LIMIT = 256 * 1024;

/** The outcome for mail that goes in circles. */
export const LOOP: Outcome = {
  result: "failed",
  status: "5.4.6",
  reason: "mail forwarding loop: the message was delivered to this address before",
};

/** Whether mail for the address that the client has named is sent on to others. */
export const isForward = ({ original }: Addressee, to: readonly Mailbox[]): boolean =>
  original !== undefined && !to.some((one) => one.equals(original));

/** Knows where a message was before. */
export class Visits {
  readonly #keys: ReadonlySet<string>;

  private constructor(keys: ReadonlySet<string>) {
    this.#keys = keys;
  }

  /** Reads the header of a message. */
  static async of(message: Message): Promise<Visits> {
    const octets = new HeaderOctets();
    for await (const chunk of message.read()) {
      octets.add(chunk);
      if (octets.end !== undefined || octets.length > LIMIT) break;
    }
    const { all, end = all.length } = octets;
    const fields = new Header(all.subarray(0, end)).all("Delivered-To");
    return new Visits(
      new Set(fields.flatMap(({ text }) => Mailbox.tryParse(text)?.foldedKey ?? [])),
    );
  }

  /**
   * Whether mail by this route would go in circles: it was delivered to its recipient before, or was sent on for the
   * recipient that the client named. Mail that is only passed on to its recipient (`forwardsTo`) is not judged: whoever
   * delivers it adds the field.
   */
  isLoop(route: Route, forwardsTo?: readonly Mailbox[]): boolean {
    if (this.#keys.size === 0) return false;
    if (forwardsTo === undefined) return this.#has(route.recipient);
    return isForward(route, forwardsTo) &&
      (this.#has(route.original!) || forwardsTo.every((mailbox) => this.#has(mailbox)));
  }

  #has({ foldedKey }: Mailbox): boolean {
    return this.#keys.has(foldedKey);
  }
}
