/**
 * The model of a server: what it must have said and delivered, by the standards and the documentation. It reads what the
 * client has sent apart from the server's own code.
 * @module
 */
import { answerTo, Exchange } from "./exchange.ts";
import { type Address, isForeign, readLine, type Said } from "./grammar.ts";
import { type Heard, readReplies, type Reply } from "./heard.ts";
import { BASIC, NOT_IMPLEMENTED, ORDERED, VERBS } from "./commands.ts";
import { faultInDelivery } from "./delivery.ts";
import { answerToRecipient, answerToSender, fateOfMessage } from "./fate.ts";
import { readData } from "./message.ts";
import { lineLimit, longestLimit, parameterFault } from "./parameters.ts";
import { type World } from "./world.ts";

/** What is wrong with a session; `undefined` if nothing is. */
export function faultIn(world: World, heard: Heard): string | undefined {
  const replies = readReplies(heard.said);
  if (typeof replies === "string") return replies;
  try {
    new Model(world, heard, replies).run();
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

class Fault extends Error {}

/** The session is not further than this: nothing more is expected. */
class Waiting extends Error {}

interface Transaction {
  readonly sender: Address | null;
  readonly recipients: Address[];
}

class Model {
  readonly #world: World;
  readonly #heard: Heard;
  readonly #replies: readonly Reply[];
  #answered = 0;
  #delivered = 0;
  #at = 0;
  #helo: { readonly extended: boolean } | undefined;
  #transaction: Transaction | undefined;
  #tls = false;
  #user: string | undefined;
  #exchange: Exchange | undefined;
  #closed = false;
  #messages = 0;
  #refused = 0;
  /** Errors that count for sure, and those that may count. */
  #errors = { sure: 0, possible: 0 };
  /** The LF before this place was alone. */
  #behindBareLf = false;

  constructor(world: World, heard: Heard, replies: readonly Reply[]) {
    this.#world = world;
    this.#heard = heard;
    this.#replies = replies;
  }

  run(): void {
    const { closed, client, delivered } = this.#heard;
    try {
      this.#expect("the connection", 220);
      while (!this.#closed) this.#line();
    } catch (error) {
      if (!(error instanceof Waiting)) throw error;
    }
    if (this.#answered < this.#replies.length) {
      this.#fail(`a reply to nothing: ${this.#replies[this.#answered]!.code}`);
    }
    if (delivered.length > this.#delivered) this.#fail("something was delivered that nobody sent");
    const ended = this.#closed || client !== "there";
    if (closed !== ended) this.#fail(`the server has ${closed ? "" : "not "}closed`);
  }

  #fail(what: string): never {
    throw new Fault(`${what} (at octet ${this.#at} of what was sent)`);
  }

  /** Takes the next reply, which must have one of the codes. */
  #expect(what: string, ...codes: readonly number[]): number {
    const reply = this.#replies[this.#answered];
    if (reply === undefined) {
      if (this.#heard.client === "gone") throw new Waiting();
      this.#fail(`no reply to ${what}, where ${codes} belongs`);
    }
    this.#answered++;
    const { code } = reply;
    if (!codes.includes(code)) this.#fail(`${code} to ${what}, where ${codes} belongs`);
    if (code === 421 || code === 221) this.#closed = true;
    if (hasStatus(what, code) !== (reply.status !== undefined)) {
      this.#fail(`${code} to ${what} has ${reply.status === undefined ? "no" : "a"} status code`);
    }
    return code;
  }

  #line(): void {
    const { sent } = this.#heard;
    const lf = sent.indexOf("\n", this.#at);
    const limit = this.#exchange === undefined ? longestLimit(this.#world) : 12_288;
    if (lf < 0) {
      if (this.#behindBareLf || !this.#isForeign(sent.slice(this.#at), limit)) throw new Waiting();
      return void this.#expect("a line of another protocol", 421);
    }
    const octets = lf + 1 - this.#at + (this.#behindBareLf ? 1 : 0);
    const isBare = lf === this.#at ? true : sent[lf - 1] !== "\r";
    const text = (this.#behindBareLf ? "\n" : "") + sent.slice(this.#at, isBare ? lf + 1 : lf - 1);
    this.#at = lf + 1;
    this.#behindBareLf = isBare;
    if (octets > limit) this.#tooLong(text, limit);
    else if (this.#exchange !== undefined) this.#respond(text);
    else this.#command(text, octets);
  }

  /** Whether a line is of another protocol; behind `limit` octets the server looks only if they come at once. */
  #isForeign(line: string, limit: number): boolean {
    if (this.#exchange !== undefined) return false;
    const isSeen = this.#replies[this.#answered]?.code === 421;
    return isForeign(line.slice(0, Math.min(limit, 2048))) ||
      (isSeen && isForeign(line.slice(0, 2048)));
  }

  #tooLong(text: string, limit: number): void {
    if (this.#isForeign(text, limit)) {
      return void this.#expect("a line of another protocol", 421);
    }
    this.#exchange = undefined;
    this.#error("sure", "a line that is too long", 500);
  }

  /** An error of the client, with one of the codes, or one too many. */
  #error(kind: "sure" | "possible", what: string, ...codes: readonly number[]): void {
    const { errors } = this.#world.limits;
    const isTooMuch = kind === "sure" && this.#errors.sure >= errors;
    if (isTooMuch) this.#expect(`${what}, an error too many`, 421);
    else if (this.#errors.possible >= errors) this.#expect(what, 421, ...codes);
    else this.#expect(what, ...codes);
    this.#errors.possible++;
    if (kind === "sure") this.#errors.sure++;
  }

  #command(text: string, octets: number): void {
    const said = readLine(text);
    const what = JSON.stringify(text.slice(0, 60));
    const { verb } = said;
    if (("fault" in said || !BASIC.has(verb)) && isForeign(text)) {
      return void this.#expect("a line of another protocol", 421);
    }
    if ("fault" in said) return this.#error("sure", what, said.fault);
    if (!VERBS.has(verb)) return this.#error("sure", what, 500);
    if (!this.#offers(verb)) return void this.#expect(what, 502);
    if (octets > lineLimit(verb, this.#world)) return this.#error("sure", what, 500);
    const early = this.#misplaced(verb);
    if (early !== undefined) return this.#error(early, what, 503);
    if (
      this.#world.kind !== "smtp" && this.#user === undefined && /^(MAIL|VRFY|EXPN)$/.test(verb)
    ) return this.#error("sure", what, 530);
    this.#legal(said, what);
  }

  #offers(verb: string): boolean {
    const { tls, auth } = this.#world;
    if (verb === "STARTTLS") return tls && !this.#tls;
    if (verb === "AUTH") return auth === "always" || (auth === "over TLS" && this.#tls);
    return !NOT_IMPLEMENTED.has(verb);
  }

  /** How much a command counts that must not come now. */
  #misplaced(verb: string): "sure" | "possible" | undefined {
    if (!ORDERED.has(verb)) return undefined;
    if (this.#helo === undefined) return "sure";
    const { recipients } = this.#transaction ?? {};
    if (recipients === undefined) {
      return verb === "RCPT" || verb === "DATA" ? "possible" : undefined;
    }
    if (verb === "DATA") return recipients.length === 0 ? "possible" : undefined;
    return verb === "RCPT" ? undefined : "sure";
  }

  #legal(said: Said, what: string): void {
    const { limits } = this.#world;
    const { verb } = said;
    if ("address" in said) {
      if (verb === "MAIL" && this.#messages >= limits.messagesPerConnection) {
        return void this.#expect(what, 421);
      }
      const { recipients = [] } = this.#transaction ?? {};
      if (verb === "RCPT" && recipients.length >= limits.recipients) {
        return void this.#expect(what, 452);
      }
      const fault = parameterFault(said, limits, this.#offers("AUTH"));
      if (fault === 501) return this.#error("sure", what, 501);
      if (fault !== undefined) return void this.#expect(what, fault);
    }
    if (this.#refused >= limits.refusedRecipients && !/^(DATA|QUIT)$/.test(verb)) {
      const isAccepted = (this.#transaction?.recipients.length ?? 0) > 0;
      if (verb === "MAIL" || (verb === "RCPT" && !isAccepted)) return void this.#expect(what, 421);
      if (verb === "RCPT") return void this.#expect(what, 452);
    }
    if ("address" in said) return this.#envelope(said.verb, said.address, what);
    this.#plain(verb, "argument" in said ? said.argument : "", what);
  }

  #envelope(verb: "MAIL" | "RCPT", address: Address | null, what: string): void {
    if (verb === "MAIL") {
      if (this.#expect(what, answerToSender(address)) === 250) {
        this.#transaction = { sender: address, recipients: [] };
      }
      return;
    }
    const code = this.#expect(what, answerToRecipient(address!));
    if (code === 250) this.#transaction!.recipients.push(address!);
    else if (code >= 500) this.#refused++;
  }

  #plain(verb: string, argument: string, what: string): void {
    switch (verb) {
      case "HELO":
      case "EHLO":
        this.#expect(`${verb} ${what}`, 250);
        this.#helo = { extended: verb === "EHLO" };
        this.#transaction = undefined;
        return this.#lookAtExtensions(verb);
      case "RSET":
        this.#expect(what, 250);
        this.#transaction = undefined;
        return;
      case "NOOP":
        return void this.#expect(what, 250);
      case "HELP":
        return void this.#expect(what, 214);
      case "VRFY":
        return void this.#expect(what, 252);
      case "EXPN":
        return void this.#expect(what, 502);
      case "QUIT":
        return void this.#expect(what, 221);
      case "STARTTLS":
        return this.#startTls(argument, what);
      case "AUTH":
        return this.#authenticate(argument, what);
      case "DATA":
        this.#expect(what, 354);
        return this.#data();
    }
  }

  #lookAtExtensions(verb: string): void {
    const { lines } = this.#replies[this.#answered - 1]!;
    const names = lines.slice(1).map((line) => line.split(" ")[0]!);
    if (verb === "HELO" && lines.length > 1) this.#fail("HELO is answered with extensions");
    if (verb === "HELO") return;
    for (const name of ["PIPELINING", "8BITMIME", "SIZE", "STARTTLS", "AUTH"]) {
      if (names.includes(name) !== this.#offers(name)) {
        this.#fail(`EHLO ${names.includes(name) ? "offers" : "lacks"} ${name}`);
      }
    }
  }

  #startTls(argument: string, what: string): void {
    if (argument !== "") return this.#error("sure", what, 501);
    this.#expect(what, 220);
    const secured = this.#heard.secured.find(({ at }) => at >= this.#at);
    if (secured === undefined) throw new Waiting();
    this.#at = secured.at;
    this.#closed = !secured.ok;
    this.#tls = true;
    this.#user = this.#helo = this.#transaction = undefined;
    this.#behindBareLf = false;
  }

  #authenticate(argument: string, what: string): void {
    if (this.#user !== undefined) return this.#error("sure", what, 503);
    const [, name, initial] = /^(\S+)(?: +(\S+))?$/.exec(argument) ?? [];
    if (name === undefined) return this.#error("sure", what, 501);
    const exchange = Exchange.by(name);
    if (exchange === undefined) return void this.#expect(what, 504);
    this.#exchange = exchange;
    if (initial === undefined) return this.#challenged(what);
    this.#respond(initial === "=" ? "" : initial, what);
  }

  #challenged(what: string): void {
    this.#expect(what, 334);
    const { lines } = this.#replies[this.#answered - 1]!;
    const challenge = this.#exchange!.challenge;
    if (lines.length !== 1 || lines[0] !== challenge) this.#fail("a wrong challenge");
  }

  #respond(text: string, what = "a response"): void {
    const exchange = this.#exchange!;
    const answer = answerTo(exchange, text);
    if (answer === "go on") return this.#challenged(what);
    this.#exchange = undefined;
    if (answer === "malformed") return this.#error("sure", what, 501);
    this.#expect(what, answer.user === undefined ? 535 : 235);
    this.#user = answer.user;
  }

  #data(): void {
    const sent = readData(this.#heard.sent, this.#at);
    if (sent === undefined) throw new Waiting();
    const raw = this.#heard.sent.slice(this.#at, this.#at + sent.length);
    this.#at += sent.length;
    this.#end(raw, sent.text, this.#transaction!);
    this.#transaction = undefined;
    this.#messages++;
  }

  /** The end of a message: how it ends, and to whom it goes. */
  #end(sent: string, text: string, { sender, recipients }: Transaction): void {
    const { code, gets, body } = fateOfMessage(this.#world, sent, text, sender, recipients);
    const next = this.#heard.delivered[this.#delivered];
    const answer = this.#replies[this.#answered];
    if (gets.size > 0) {
      const isGone = this.#heard.client === "gone" && answer === undefined;
      if (next === undefined && isGone) throw new Waiting();
      if (next === undefined) this.#fail("a message was not delivered");
      this.#delivered++;
      const protocol = this.#protocol;
      const fault = faultInDelivery(next, { body, sender, recipients, gets, protocol });
      if (fault !== undefined) this.#fail(fault);
      if (answer !== undefined && next.after >= answer.end) this.#fail("answered, then delivered");
    }
    this.#expect("the end of a message", code);
  }

  /** RFC 3848. */
  get #protocol(): string {
    if (!this.#helo?.extended) return "SMTP";
    return `ESMTP${this.#tls ? "S" : ""}${this.#user === undefined ? "" : "A"}`;
  }
}

/** Whether a reply has an enhanced status code (RFC 2034). */
const hasStatus = (what: string, code: number): boolean =>
  code >= 400 || (code < 300 && what !== "the connection" && !/^(?:HELO|EHLO) /.test(what));
