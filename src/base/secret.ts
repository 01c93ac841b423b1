/**
 * Texts that nobody should see by accident.
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** A text, such as a password, that does not show in logs, traces and JSON. */
export class Secret {
  readonly #text: string;

  /** Hides a text. */
  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. */
  reveal(): string {
    return this.#text;
  }

  /** Whether this is the text. The time that the comparison takes does not tell how much of it is right. */
  equals(text: string): boolean {
    return timingSafeEqual(digest(this.#text), digest(text));
  }

  /** `(secret)`. */
  toString(): string {
    return "(secret)";
  }

  /** `(secret)`. */
  toJSON(): string {
    return "(secret)";
  }
}

const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();
