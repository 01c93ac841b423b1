/**
 * The Sender Rewriting Scheme: the sender of forwarded mail gets an address in a domain of this server, which may send
 * for it (SPF, RFC 7208), and from which bounces find back. As in the draft of the scheme, in libsrs2 and in PostSRSd.
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { isSameName } from "../dns/name.ts";
import { encode, lower, upper } from "../smtp/ascii.ts";
import { Mailbox } from "../smtp/mailbox.ts";

const DAY = 24 * 60 * 60 * 1000;

/** How senders are rewritten. */
export interface SrsSettings {
  /** The domain of the rewritten senders, whose mail comes to this server. */
  readonly domain: string;
  /** The secrets; the first one signs, and addresses that any of them has signed are good. */
  readonly secrets: () => readonly string[];
  /** For how long a rewritten sender leads back, in milliseconds. */
  readonly maxAge: number;
  /** Characters of the signature. */
  readonly hashLength: number;
}

/** What is in a rewritten sender. */
export interface Unwrapped {
  /** Where it leads back to. */
  readonly mailbox: Mailbox;
  /** When it was made, in milliseconds since the epoch; `undefined` for SRS1, which the next server judges. */
  readonly made: number | undefined;
  /** Why it leads nowhere any more, or never did. */
  readonly fault: "forged" | "expired" | undefined;
}

/** Days that a timestamp can tell apart: two characters of five bits. */
const DAYS = 1024;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const SRS0 = /^SRS0([-+=].*)$/is;
const SRS1 = /^SRS1[-+=]([^=]+)=([^=]+)=([-+=].*)$/is;
const INSIDE = /^[-+=]([^=]+)=([^=]+)=([^=]+)=(.*)$/s;

/** Rewrites senders, and finds them again. */
export class Srs {
  readonly domain: string;
  readonly maxAge: number;
  readonly #secrets: SrsSettings["secrets"];
  readonly #hashLength: number;

  constructor({ domain, secrets, maxAge, hashLength }: SrsSettings) {
    this.domain = domain;
    this.maxAge = maxAge;
    this.#secrets = secrets;
    this.#hashLength = hashLength;
  }

  /**
   * The sender of mail that is forwarded. One in the domain of the scheme stays, one without a domain name, and one that
   * would be too long for an address.
   */
  forward(sender: Mailbox, now: number): Mailbox {
    if (/^\[|^$/.test(sender.domain) || isSameName(sender.domain, this.domain)) return sender;
    try {
      return new Mailbox(this.#wrap(sender, now), this.domain);
    } catch {
      return sender;
    }
  }

  #wrap({ local, domain }: Mailbox, now: number): string {
    const [, , host, inner] = SRS1.exec(local) ?? [];
    if (host !== undefined) return this.#shortcut(host, inner!);
    const [, guarded] = SRS0.exec(local) ?? [];
    if (guarded !== undefined) return this.#shortcut(domain, guarded);
    const stamp = stampOf(now);
    return `SRS0=${this.#sign([stamp, domain, local])}=${stamp}=${domain}=${local}`;
  }

  /** A second server that forwards leads back to the first one, which knows the sender. */
  #shortcut = (host: string, inner: string): string =>
    `SRS1=${this.#sign([host, inner])}=${host}=${inner}`;

  /** What a mailbox of the scheme leads back to; `undefined` for any other mailbox. */
  unwrap({ local, domain }: Mailbox, now: number): Unwrapped | undefined {
    if (!isSameName(domain, this.domain)) return undefined;
    const [, hash1, host1, inner] = SRS1.exec(local) ?? [];
    if (hash1 !== undefined) {
      const mailbox = mailboxOf(`SRS0${inner}`, host1!);
      const fault = this.#isSigned(hash1, [host1!, inner!]) ? undefined : "forged";
      return mailbox && { mailbox, made: undefined, fault };
    }
    const [, hash, stamp, host, user] = INSIDE.exec(SRS0.exec(local)?.[1] ?? "") ?? [];
    const mailbox = hash === undefined ? undefined : mailboxOf(user!, host!);
    const made = timeOf(stamp ?? "", now);
    if (mailbox === undefined || made === undefined) return undefined;
    const isGood = this.#isSigned(hash!, [stamp!, host!, user!]);
    const fault = !isGood ? "forged" : now - made > this.maxAge + DAY ? "expired" : undefined;
    return { mailbox, made, fault };
  }

  #sign(facts: readonly string[]): string {
    const [secret = ""] = this.#secrets();
    return hashOf(secret, facts).slice(0, this.#hashLength);
  }

  #isSigned(hash: string, facts: readonly string[]): boolean {
    if (hash.length < this.#hashLength) return false;
    return this.#secrets().some((secret) =>
      isSame(hash, hashOf(secret, facts).slice(0, hash.length))
    );
  }
}

function mailboxOf(local: string, domain: string): Mailbox | undefined {
  try {
    return new Mailbox(local, domain);
  } catch {
    return undefined;
  }
}

/** HMAC-SHA1 in base64. The case of letters does not matter, because servers on the way may change it. */
function hashOf(secret: string, facts: readonly string[]): string {
  const hmac = createHmac("sha1", secret);
  for (const fact of facts) hmac.update(lower(fact));
  return hmac.digest("base64").replace(/=+$/, "");
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [encode(lower(one)), encode(lower(other))];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The day of a time. */
function stampOf(time: number): string {
  const day = Math.floor(time / DAY) % DAYS;
  return BASE32.charAt(day >> 5) + BASE32.charAt(day & 31);
}

/** The beginning of the last day with that stamp; `undefined` for text that is none. */
function timeOf(stamp: string, now: number): number | undefined {
  const [high = -1, low = -1, ...more] = [...upper(stamp)].map((char) => BASE32.indexOf(char));
  if (high < 0 || low < 0 || more.length > 0) return undefined;
  const today = Math.floor(now / DAY);
  const age = (((today - (high << 5 | low)) % DAYS) + DAYS) % DAYS;
  return (today - age) * DAY;
}
