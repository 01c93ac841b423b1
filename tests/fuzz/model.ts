/**
 * The model of a server: what it must have said and delivered, by the standards and the documentation. It reads what the
 * client has sent apart from the server's own code.
 * @module
 */
import { BASIC, GREETINGS, GUESSES, NOT_IMPLEMENTED, ORDERED, VERBS } from "./commands.ts";
import { Exchange } from "./exchange.ts";
import { answerToRecipient, answerToSender } from "./fate.ts";
import {
  beginsAsProxy,
  type Envelope,
  isDoubtful,
  isForeign,
  readLine,
  type Said,
} from "./grammar.ts";
import { type Heard, readReplies } from "./heard.ts";
import { Fault, Waiting, type Weight } from "./hearing.ts";
import { MailHearing } from "./mail.ts";
import { readChunk } from "./message.ts";
import { isBinary, isUtf8, lineLimit, longestLimit, parameterFault } from "./parameters.ts";
import type { World } from "./world.ts";
import { isLoopback, readNamed } from "./xclient.ts";

/** The commands by which another server names its client. */
const NAMING: ReadonlySet<string> = new Set(["XCLIENT", "XFORWARD"]);

/** What the model says of a session so far. */
export interface Finding {
  /** What is wrong; `undefined` if nothing is. */
  readonly fault: string | undefined;
  /** The server waits for a handshake since the client has sent so many octets. */
  readonly securing: number | undefined;
}

/** Compares a session with the model. */
export function examine(world: World, heard: Heard): Finding {
  const replies = readReplies(heard.said);
  if (typeof replies === "string") return { fault: replies, securing: undefined };
  const model = new Model(world, heard, replies);
  try {
    model.run();
    return { fault: undefined, securing: model.securing };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message, securing: undefined };
    throw error;
  }
}

class Model extends MailHearing {
  #exchange: Exchange | undefined;
  /** The server waits for a handshake since the client has sent so many octets. */
  securing: number | undefined;
  #refused = 0;
  /** Another server has named the client. */
  #named = false;
  /** To whom AUTH is offered. */
  #auth = this.world.auth;
  /** The LF before this place was alone. */
  #behindBareLf = false;

  run(): void {
    const { closed, client } = this.heard;
    if (this.world.silent) return this.#silence();
    this.tls = this.world.encrypted;
    try {
      this.expect("the connection", 220);
      while (!this.closed) this.#line();
    } catch (error) {
      if (!(error instanceof Waiting)) throw error;
    }
    if (this.next !== undefined) this.fail(`a reply to nothing: ${this.next.code}`);
    if (this.unexpected > 0) this.fail("something was delivered that nobody sent");
    const ended = this.closed || client !== "there";
    if (closed !== ended) this.fail(`the server has ${closed ? "" : "not "}closed`);
  }

  /** Who is not greeted is not heard either. */
  #silence(): void {
    if (this.heard.said !== "" || this.unexpected > 0) this.fail("the server is not silent");
  }

  #line(): void {
    const { sent } = this.heard;
    const lf = sent.indexOf("\n", this.at);
    const limit = this.#exchange === undefined ? longestLimit(this.world) : 12_288;
    if (lf < 0) {
      if (this.#behindBareLf || !this.#isForeign(sent.slice(this.at), limit)) throw new Waiting();
      return void this.expect("a line of another protocol", 421);
    }
    const octets = lf + 1 - this.at + (this.#behindBareLf ? 1 : 0);
    const isBare = lf === this.at ? true : sent[lf - 1] !== "\r";
    const text = (this.#behindBareLf ? "\n" : "") + sent.slice(this.at, isBare ? lf + 1 : lf - 1);
    this.at = lf + 1;
    this.#behindBareLf = isBare;
    if (octets > limit) this.#tooLong(text, limit);
    else if (this.#exchange !== undefined) this.#respond(text);
    else this.#command(text, octets);
  }

  /** Whether a line is of another protocol; behind `limit` octets the server looks only if they come at once. */
  #isForeign(line: string, limit: number): boolean {
    if (this.#exchange !== undefined) return false;
    const isSeen = this.next?.code === 421;
    return isForeign(line.slice(0, Math.min(limit, 2048))) ||
      (isSeen && (isForeign(line.slice(0, 2048)) || beginsAsProxy(line)));
  }

  #tooLong(text: string, limit: number): void {
    if (this.#isForeign(text, limit)) {
      return void this.expect("a line of another protocol", 421);
    }
    this.#exchange = undefined;
    this.error("sure", "a line that is too long", 500);
  }

  #command(text: string, octets: number): void {
    const said = readLine(text);
    const what = JSON.stringify(text.slice(0, 60));
    const { verb } = said;
    if (("fault" in said || !BASIC.has(verb)) && this.#isForeign(text, 2048)) {
      return void this.expect("a line of another protocol", 421);
    }
    const isRefused = isDoubtful(text) && [500, 501].includes(this.next?.code ?? 0);
    if (isRefused) return this.error("sure", what, 500, 501);
    if (GREETINGS.has(verb) && (verb === "LHLO") !== (this.world.kind === "lmtp")) {
      return this.error("sure", what, 500);
    }
    if ("fault" in said) return this.error("sure", what, said.fault);
    const isUnknown = NAMING.has(verb) && this.world.xclient === "no";
    if (!VERBS.has(verb) || isUnknown) return this.error("sure", what, 500);
    if (!this.#offers(verb)) return void this.expect(what, 502);
    const chunk = verb === "BDAT" && "argument" in said ? readChunk(said.argument) : undefined;
    const refused = this.#refusal(said, octets);
    if (refused !== undefined) {
      this.error(refused.weight, what, refused.code);
      this.at = Math.min(this.at + (chunk?.octets ?? 0), this.heard.sent.length);
    } else if (chunk !== undefined) return this.chunk(chunk);
    else if (verb === "BDAT") this.error("sure", what, 501);
    else return this.#legal(said, what);
    if (verb === "BDAT" && chunk === undefined) this.closed = true;
  }

  /** What is wrong with a command that is well-formed. */
  #refusal({ verb }: Said, octets: number): { code: number; weight: Weight } | undefined {
    if (octets > lineLimit(verb, this.world)) return { code: 500, weight: "sure" };
    const early = this.#misplaced(verb);
    if (early !== undefined) return { code: 503, weight: early };
    const isForUsers = this.world.kind.startsWith("submission") && /^(MAIL|VRFY|EXPN)$/.test(verb);
    return isForUsers && this.user === undefined ? { code: 530, weight: "sure" } : undefined;
  }

  #offers(verb: string): boolean {
    const { tls, xclient } = this.world;
    if (verb === "STARTTLS") return tls && !this.tls;
    if (verb === "AUTH") return this.#auth === "always" || (this.#auth === "over TLS" && this.tls);
    if (NAMING.has(verb)) return xclient !== "no" && !this.#named;
    if (verb === "BINARYMIME") return this.world.binary;
    return !NOT_IMPLEMENTED.has(verb);
  }

  /** XCLIENT and XFORWARD. */
  #name(verb: "XCLIENT" | "XFORWARD", argument: string, what: string): void {
    const client = readNamed(verb, argument);
    if (client === undefined) return this.error("sure", what, 501);
    if (verb === "XFORWARD") return void this.expect(what, 250);
    const { address = "", helo, login, protocol = "ESMTP" } = client;
    this.expect("the connection", 220);
    this.#named = true;
    this.user = this.world.xclient === "with login" ? login : undefined;
    this.helo = helo === undefined ? undefined : { extended: protocol.toUpperCase() !== "SMTP" };
    this.transaction = undefined;
    this.#refused = 0;
    this.countAnew();
    if (address === "" || isLoopback(address)) return;
    this.peer = address.includes(":") ? `[IPv6:${address}]` : `[${address}]`;
    if (this.#auth === "always") this.#auth = "over TLS";
  }

  /** How much a command counts that must not come now. */
  #misplaced(verb: string): Weight | undefined {
    if (NAMING.has(verb)) return this.transaction === undefined ? undefined : "sure";
    if (!ORDERED.has(verb)) return undefined;
    if (this.helo === undefined) return "sure";
    const brings = verb === "DATA" || verb === "BDAT";
    const { recipients, chunks } = this.transaction ?? {};
    if (recipients === undefined) return verb === "RCPT" || brings ? "possible" : undefined;
    if (chunks !== undefined) return verb === "BDAT" ? undefined : "sure";
    if (brings) return recipients.length === 0 ? "possible" : undefined;
    return verb === "RCPT" ? undefined : "sure";
  }

  #legal(said: Said, what: string): void {
    const { limits } = this.world;
    const { verb } = said;
    if ("address" in said) {
      if (verb === "MAIL" && this.messages >= limits.messagesPerConnection) {
        return void this.expect(what, 421);
      }
      const { recipients = [] } = this.transaction ?? {};
      if (verb === "RCPT" && recipients.length >= limits.recipients) {
        return void this.expect(what, 452);
      }
      const fault = parameterFault(said, this.world, this.#offers("AUTH"));
      if (fault === 501) return this.error("sure", what, 501);
      if (fault !== undefined) return void this.expect(what, fault);
      const allowed = verb === "MAIL" ? isUtf8(said.parameters) : this.transaction?.utf8;
      if (said.utf8 && !allowed) return this.error("sure", what, 553);
    }
    if (this.#refused >= limits.refusedRecipients && GUESSES.has(verb)) {
      const isAccepted = (this.transaction?.recipients.length ?? 0) > 0 &&
        this.transaction?.chunks === undefined;
      return void this.expect(what, isAccepted ? 452 : 421);
    }
    if ("address" in said) return this.#envelope(said, what);
    this.#plain(verb, "argument" in said ? said.argument : "", what);
  }

  #envelope({ verb, address, parameters }: Envelope, what: string): void {
    if (verb === "MAIL") {
      if (this.expect(what, answerToSender(address)) === 250) {
        const [binary, utf8] = [isBinary(parameters), isUtf8(parameters)];
        this.transaction = { sender: address, recipients: [], binary, utf8, chunks: undefined };
      }
      return;
    }
    const code = this.expect(what, answerToRecipient(address!));
    if (code === 250) this.transaction!.recipients.push(address!);
    else if (code >= 500) this.#refused++;
  }

  #plain(verb: string, argument: string, what: string): void {
    switch (verb) {
      case "HELO":
      case "EHLO":
      case "LHLO":
        this.expect(`${verb} ${what}`, 250);
        this.helo = { extended: verb !== "HELO" };
        this.transaction = undefined;
        return this.#lookAtExtensions(verb);
      case "RSET":
        this.expect(what, 250);
        this.transaction = undefined;
        return;
      case "NOOP":
        return void this.expect(what, 250);
      case "HELP":
        return void this.expect(what, this.#knows(argument) ? 214 : 504);
      case "VRFY":
        return void this.expect(what, 252);
      case "EXPN":
        return void this.expect(what, 502);
      case "QUIT":
        return void this.expect(what, 221);
      case "STARTTLS":
        return this.#startTls(argument, what);
      case "XCLIENT":
      case "XFORWARD":
        return this.#name(verb, argument, what);
      case "AUTH":
        return this.#authenticate(argument, what);
      case "DATA":
        if (this.transaction!.binary) return this.error("sure", what, 503);
        this.expect(what, 354);
        return this.data();
    }
  }

  /** Whether HELP says something of a topic. */
  #knows(topic: string): boolean {
    const [word = ""] = topic.toUpperCase().split(" ");
    const isOther = GREETINGS.has(word) && (word === "LHLO") !== (this.world.kind === "lmtp");
    return word === "" || (VERBS.has(word) && this.#offers(word) && !isOther);
  }

  #lookAtExtensions(verb: string): void {
    if (this.isGuess) return;
    const { lines } = this.last;
    const names = lines.slice(1).map((line) => line.split(" ")[0]!);
    if (verb === "HELO" && lines.length > 1) this.fail("HELO is answered with extensions");
    if (verb === "HELO") return;
    for (
      const name of [
        "PIPELINING",
        "8BITMIME",
        "SIZE",
        "CHUNKING",
        "SMTPUTF8",
        "BINARYMIME",
        "STARTTLS",
        "AUTH",
      ]
    ) {
      if (names.includes(name) !== this.#offers(name)) {
        this.fail(`EHLO ${names.includes(name) ? "offers" : "lacks"} ${name}`);
      }
    }
  }

  #startTls(argument: string, what: string): void {
    if (argument !== "") return this.error("sure", what, 501);
    this.expect(what, 220);
    const secured = this.heard.secured.find(({ at }) => at >= this.at);
    if (secured === undefined) {
      this.securing = this.at;
      throw new Waiting();
    }
    this.at = secured.at;
    this.closed = !secured.ok;
    this.tls = true;
    this.user = this.helo = this.transaction = undefined;
    this.#behindBareLf = false;
  }

  #authenticate(argument: string, what: string): void {
    if (this.user !== undefined) return this.error("sure", what, 503);
    const [, name, initial] = /^(\S+)(?: +(\S+))?$/.exec(argument) ?? [];
    if (name === undefined) return this.error("sure", what, 501);
    const exchange = Exchange.by(name);
    if (exchange === undefined) return void this.expect(what, 504);
    this.#exchange = exchange;
    if (initial === undefined) return this.#challenged(what);
    this.#respond(initial === "=" ? "" : initial, what);
  }

  #challenged(what: string): void {
    this.expect(what, 334);
    if (this.isGuess) return;
    const { lines } = this.last;
    if (lines.length !== 1 || !this.#exchange!.hear(lines[0]!)) this.fail("a wrong challenge");
  }

  #respond(text: string, what = "a response"): void {
    const answer = this.#exchange!.answer(text);
    const isChallenge = answer === "refused sometime" && this.next?.code === 334;
    if (answer === "go on" || isChallenge) return this.#challenged(what);
    this.#exchange = undefined;
    const isRefused = answer === "refused sometime" && this.next?.code === 535;
    if (isRefused) return void this.expect(what, 535);
    if (answer === "malformed" || answer === "refused sometime") {
      return this.error("sure", what, 501);
    }
    this.expect(what, answer.user === undefined ? 535 : 235);
    this.user = answer.user;
  }
}
