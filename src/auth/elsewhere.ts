/**
 * Programs that know whether a password is right: what they are asked, how many questions at once, and for how long.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import type { Secret } from "../base/secret.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { Verdict } from "../handler/event.ts";
import { type AuthClient, type Passwords, WRONG } from "./exchange.ts";

/** Milliseconds for an answer. */
const PATIENCE = 8_000;

/** There was no answer in time. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
}

/** A program that is asked. */
export class Elsewhere {
  readonly #name: string;
  readonly #places: Semaphore;

  /**
   * @param name for the log
   * @param most questions at once
   */
  constructor(name: string, most: number) {
    this.#name = name;
    this.#places = new Semaphore(most);
  }

  /** Asks for a client. Whatever goes wrong is `unavailable`; once the signal is aborted, `ask` must throw its reason. */
  async ask(client: AuthClient, ask: (signal: AbortSignal) => Promise<Verdict>): Promise<Verdict> {
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new NoAnswer(`no answer in ${PATIENCE / 1000} s`)),
      PATIENCE,
    );
    const signal = AbortSignal.any([client.signal, late.signal]);
    try {
      const release = await this.#places.acquire(signal);
      try {
        const verdict = await ask(signal);
        if ("user" in verdict && !isClean(verdict.user)) throw new Error("its user is no name");
        return verdict;
      } finally {
        release();
      }
    } catch (error) {
      return { unavailable: `${this.#name}: ${messageOf(error)}` };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a client says of itself. */
export interface Claim {
  readonly user: string;
  readonly password: string;
  readonly client: AuthClient;
}

/** Asks a program whether a claim is true. */
export type Check = (claim: Claim, signal: AbortSignal) => Promise<Verdict>;

/** Passwords that are checked elsewhere. No name and no password with a control character gets there (RFC 4013). */
export const checkedBy = (elsewhere: Elsewhere, check: Check): Passwords => ({
  async verify(user: string, password: Secret, client: AuthClient): Promise<Verdict> {
    const claim = { user, password: password.reveal(), client };
    if (!isClean(user) || !isClean(claim.password)) return WRONG;
    return await elsewhere.ask(client, (signal) => check(claim, signal));
  },
});

/** Whether a text has no control characters, which end the fields of protocols and of logs. */
const isClean = (text: string): boolean => text !== "" && !/\p{Cc}/u.test(text);
