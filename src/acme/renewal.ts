/**
 * Gets a certificate when it is needed: when there is none, it lacks a domain, or a third of its life is left.
 * @module
 */
import { readFileSync } from "node:fs";
import { messageOf } from "../base/message_of.ts";
import type { Log } from "../log/event.ts";
import { isFor, type KeyPair } from "../tls/key_pair.ts";
import type { Orders } from "./orders.ts";
import type { AcmeSettings, Challenges } from "./settings.ts";
import type { AcmeStore, Attempts } from "./store.ts";

/** Milliseconds between two looks. */
const LOOK = 60_000;
/** The least and the most milliseconds from one order to the next. */
const [HOUR, DAY] = [3_600_000, 86_400_000];

/** What a renewal needs. */
export interface RenewalOptions {
  readonly settings: AcmeSettings;
  /** The domains of the certificate. */
  readonly domains: readonly string[];
  readonly store: AcmeStore;
  readonly challenges: Challenges;
  readonly orders: Orders;
  readonly log: Log;
}

/** Looks every now and then whether a certificate is needed, and orders it. */
export class Renewal implements Disposable {
  readonly #options: RenewalOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #ordering = false;
  #stopped = false;
  /** Before this time nothing is done, whatever the files say. */
  #next = 0;

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK);
    Deno.unrefTimer(this.#timer as unknown as number);
    this.#look();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#stopped = true;
  }

  async #look(): Promise<void> {
    const now = Date.now();
    if (this.#ordering || now < this.#next) return;
    const { store, domains } = this.#options;
    this.#ordering = true;
    this.#next = now + HOUR;
    try {
      if (!isNeeded(store.readPair(), domains, now)) this.#next = now;
      else await this.#orderIfDue(store.readAttempts(now + HOUR), now);
    } catch (error) {
      this.#failed(messageOf(error));
    } finally {
      this.#ordering = false;
    }
  }

  async #orderIfDue({ failures, next, error }: Attempts, now: number): Promise<void> {
    const { store, domains } = this.#options;
    if (now < next) {
      this.#next = next;
      return this.#failed(error);
    }
    this.#next = now + Math.min(HOUR * 2 ** failures, DAY);
    const failed = (error: string) =>
      store.saveAttempts({ failures: failures + 1, next: this.#next, error });
    failed("the server ended during the last order"); // unless it goes on
    try {
      await this.#order();
      const pair = store.readPair();
      if (pair === undefined || isNeeded(pair, domains, now)) {
        throw new Error(
          "the new certificate is no better than the old: look at this machine's clock",
        );
      }
      const until = new Date(pair.certificate.validTo).toISOString();
      this.#options.log("certificate issued", { domains, until });
    } catch (error) {
      failed(messageOf(error));
      throw error;
    }
    this.#next = now + HOUR;
    store.saveAttempts({
      failures: 0,
      next: this.#next,
      error: "the last order was within the hour",
    });
  }

  async #order(): Promise<void> {
    const { settings, domains, store, challenges, orders, log } = this.#options;
    const { directory, email, ca, challenge } = settings;
    log("certificate ordered", { domains, directory });
    const { certificate, key } = await orders.place({
      ...{ directory, email, domains, account: store.readAccount() },
      method: "listen" in challenge ? "http-01" : "dns-01",
      ca: ca === undefined ? undefined : readFileSync(ca, "utf8"),
    }, {
      challenges,
      keepAccount: (account, terms) => {
        store.saveAccount(account);
        log("account made", { directory, terms });
      },
    });
    store.savePair(certificate, key);
  }

  #failed(error: string): void {
    if (this.#stopped) return;
    const { domains, log } = this.#options;
    log("certificate not issued", { domains, error, next: new Date(this.#next).toISOString() });
  }
}

/** Whether a certificate must be ordered. */
export function isNeeded(
  pair: KeyPair | undefined,
  domains: readonly string[],
  now: number,
): boolean {
  if (pair === undefined) return true;
  if (!domains.every((name) => pair.domains.some((domain) => isFor(domain, name)))) return true;
  const { validFrom, validTo } = pair.certificate;
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return now >= to - (to - from) / 3;
}
