/**
 * The messages of a session in the model: how each comes, how it ends, and who gets it.
 * @module
 */
import { faultInDelivery } from "./delivery.ts";
import { earlyAnswers, fateOfMessage } from "./fate.ts";
import type { Address } from "./grammar.ts";
import { Hearing, Waiting } from "./hearing.ts";
import { type Chunk, faultInText, isMalformed, readData, type Text } from "./message.ts";

/** A transaction. */
export interface Transaction {
  readonly sender: Address | null;
  readonly recipients: Address[];
  /** The message may have any octets. */
  readonly binary: boolean;
  /** Its addresses may be in UTF-8. */
  readonly utf8: boolean;
  /** What of its message has come in chunks. */
  chunks: string | undefined;
}

/** A session with its messages. */
export class MailHearing extends Hearing {
  #delivered = 0;
  /** Messages that have begun. */
  messages = 0;
  helo: { readonly extended: boolean } | undefined;
  transaction: Transaction | undefined;
  tls = false;
  user: string | undefined;
  /** The client's address, as `Received` has it. */
  peer: string = this.world.peer;

  /** The messages of the targets that nobody has sent. */
  get unexpected(): number {
    return this.heard.delivered.length - this.#delivered;
  }

  /** The message that follows DATA. */
  data(): void {
    this.messages++;
    const found = readData(this.heard.sent, this.at);
    if (found === undefined) throw new Waiting();
    const raw = this.heard.sent.slice(this.at, this.at + found.length);
    this.at += found.length;
    this.#end({ text: found.text, malformed: isMalformed(raw), binary: false });
  }

  /** The octets that follow BDAT. */
  chunk({ octets, last }: Chunk): void {
    const transaction = this.transaction!;
    const { binary, sender } = transaction;
    if (transaction.chunks === undefined) this.messages++;
    if (this.at + octets > this.heard.sent.length) throw new Waiting();
    const text = (transaction.chunks ?? "") + this.heard.sent.slice(this.at, this.at + octets);
    this.at += octets;
    transaction.chunks = text;
    if (last) return this.#end({ text, malformed: !binary && isMalformed(text), binary });
    const known = text.replace(/\r$/, "");
    const malformed = !binary && isMalformed(known);
    const complete = text.slice(0, text.lastIndexOf("\r\n") + 2);
    const fault = faultInText({ text, malformed, binary }, this.world.limits, complete);
    const early = earlyAnswers(this.world, text, sender);
    const code = fault === undefined
      ? this.expect("a chunk", 250, ...early)
      : this.expect("a chunk", fault);
    if (malformed) this.count("sure");
    if (code !== 250) this.transaction = undefined;
  }

  /** The end of a message: how it ends, and to whom it goes. */
  #end(text: Text): void {
    const { sender, recipients } = this.transaction!;
    const { code, each, gets, body } = fateOfMessage(this.world, text, sender, recipients);
    const next = this.heard.delivered[this.#delivered];
    const answer = this.next;
    const isLost = next === undefined && answer === undefined && this.heard.client === "gone";
    if (gets.size > 0 && !isLost) {
      if (next === undefined) this.fail("a message was not delivered");
      this.#delivered++;
      const { peer } = this;
      const protocol = this.#protocol;
      const fault = faultInDelivery(next, { body, sender, recipients, gets, protocol, peer });
      if (fault !== undefined) this.fail(fault);
      if (answer !== undefined && next.after >= answer.end) this.fail("answered, then delivered");
    }
    const codes = this.world.kind === "lmtp" ? each : [code];
    for (const code of codes) this.expect("the end of a message", code);
    this.transaction = undefined;
  }

  /** RFC 3848, RFC 6531 section 4.3. */
  get #protocol(): string {
    if (!this.helo?.extended) return "SMTP";
    const isLmtp = this.world.kind === "lmtp";
    const name = this.transaction?.utf8
      ? isLmtp ? "UTF8LMTP" : "UTF8SMTP"
      : isLmtp
      ? "LMTP"
      : "ESMTP";
    return `${name}${this.tls ? "S" : ""}${this.user === undefined ? "" : "A"}`;
  }
}
