/**
 * The replies of a session, compared one by one with what must come.
 * @module
 */
import type { Heard, Reply } from "./heard.ts";
import type { World } from "./world.ts";

/** What is wrong with a session. */
export class Fault extends Error {}

/** The session is not further than this: nothing more is expected. */
export class Waiting extends Error {}

/** How much a mistake counts towards the limit of errors. */
export type Weight = "sure" | "possible";

/** What the client has sent, what the server has said, and how much of both is compared. */
export class Hearing {
  readonly world: World;
  readonly heard: Heard;
  readonly #replies: readonly Reply[];
  #answered = 0;
  /** Where in what was sent the comparison is. */
  at = 0;
  /** The client was gone before the reply that was expected last. */
  isGuess = false;
  /** A reply has ended the session. */
  closed = false;
  /** Errors that count for sure, and those that may count. */
  readonly #errors = { sure: 0, possible: 0 };

  constructor(world: World, heard: Heard, replies: readonly Reply[]) {
    this.world = world;
    this.heard = heard;
    this.#replies = replies;
  }

  /** The reply that comes next, if there is one. */
  get next(): Reply | undefined {
    return this.#replies[this.#answered];
  }

  /** The reply that was compared last. */
  get last(): Reply {
    return this.#replies[this.#answered - 1]!;
  }

  fail(what: string): never {
    throw new Fault(`${what} (at octet ${this.at} of what was sent)`);
  }

  /** Takes the next reply, which must have one of the codes. */
  expect(what: string, ...codes: readonly number[]): number {
    const reply = this.next;
    if (reply === undefined) {
      if (this.heard.client === "gone") {
        if (codes.length > 1) throw new Waiting();
        this.isGuess = true; // the server has said it or has not
        return codes[0]!;
      }
      this.fail(`no reply to ${what}, where ${codes} belongs`);
    }
    this.#answered++;
    const { code } = reply;
    if (!codes.includes(code)) this.fail(`${code} to ${what}, where ${codes} belongs`);
    if (code === 421 || code === 221) this.closed = true;
    if (hasStatus(what, code) !== (reply.status !== undefined)) {
      this.fail(`${code} to ${what} has ${reply.status === undefined ? "no" : "a"} status code`);
    }
    return code;
  }

  /** A mistake of the client, with one of the codes, or one too many. */
  error(weight: Weight, what: string, ...codes: readonly number[]): void {
    const { errors } = this.world.limits;
    const isTooMuch = weight === "sure" && this.#errors.sure >= errors;
    if (isTooMuch) this.expect(`${what}, an error too many`, 421);
    else if (this.#errors.possible >= errors) this.expect(what, 421, ...codes);
    else this.expect(what, ...codes);
    this.count(weight);
  }

  /** Nothing has been counted yet of this client. */
  countAnew(): void {
    Object.assign(this.#errors, { sure: 0, possible: 0 });
  }

  /** A mistake that was answered. */
  count(weight: Weight): void {
    this.#errors.possible++;
    if (weight === "sure") this.#errors.sure++;
  }
}

/** Whether a reply has an enhanced status code (RFC 2034). */
const hasStatus = (what: string, code: number): boolean =>
  code >= 400 || (code < 300 && what !== "the connection" && !/^(?:HELO|EHLO|LHLO) /.test(what));
