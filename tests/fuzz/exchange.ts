/**
 * Exchanges of AUTH (RFC 4954), as a model of a server has them.
 * @module
 */
import { Buffer } from "node:buffer";
import { lastMessage, userIn } from "./scram.ts";
import { PASSWORDS } from "./world.ts";

const MECHANISMS = ["PLAIN", "LOGIN", "SCRAM-SHA-256"] as const;

/** What becomes of a response. */
export type Answer =
  | "go on"
  | "malformed"
  /** The client does not keep to the mechanism, or does not know the password: the server may say when it likes. */
  | "refused sometime"
  /** Who the client is; nobody, if it does not know the password. */
  | { readonly user: string | undefined };

/** An exchange that has begun. */
export class Exchange {
  readonly #mechanism: (typeof MECHANISMS)[number];
  /** What the client has answered. */
  readonly #answers: string[] = [];
  /** What the server has said last, with SCRAM. */
  #said = "";
  /** The server's proof, which the client takes with an empty line. */
  #proof: string | undefined;

  private constructor(mechanism: (typeof MECHANISMS)[number]) {
    this.#mechanism = mechanism;
  }

  /** An exchange by a mechanism; `undefined` if it is not offered. */
  static by(name: string): Exchange | undefined {
    const mechanism = MECHANISMS.find((one) => one === name.toUpperCase());
    return mechanism && new Exchange(mechanism);
  }

  /** Whether the text of a challenge is right. */
  hear(text: string): boolean {
    const count = this.#answers.length;
    if (this.#mechanism === "LOGIN") return text === btoa(count === 0 ? "Username:" : "Password:");
    if (count === 0) return text === "";
    this.#said = Buffer.from(text, "base64").toString();
    return this.#proof === undefined || this.#said === this.#proof;
  }

  /** What becomes of the exchange when the client answers the challenge. */
  answer(line: string): Answer {
    if (this.#proof !== undefined) return line === "" ? this.#verdict : "malformed";
    if (line.length % 4 > 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(line)) return "malformed";
    const text = utf8(Buffer.from(line, "base64"));
    this.#answers.push(text ?? "");
    if (this.#mechanism === "PLAIN") return plain(text);
    if (this.#mechanism === "LOGIN") return this.#login();
    return this.#scram();
  }

  #login(): Answer {
    const [user = "", password = ""] = this.#answers;
    if (this.#answers.length === 1) return "go on";
    return user === "" || password === "" ? "malformed" : verdict(user, password);
  }

  #scram(): Answer {
    const [first = "", last] = this.#answers;
    const user = userIn(first);
    if (last === undefined) return user === undefined ? "refused sometime" : "go on";
    const password = PASSWORDS.get(user ?? "");
    const right = password && lastMessage(user!, password, this.#said);
    if (!right || right.message !== last) return "refused sometime";
    this.#proof = right.proof;
    return "go on";
  }

  get #verdict(): Answer {
    return { user: userIn(this.#answers[0] ?? "") };
  }
}

function plain(text: string | undefined): Answer {
  const parts = text?.split("\0") ?? [];
  const [authorization, user = "", password = ""] = parts;
  if (parts.length !== 3 || user === "" || password === "") return "malformed";
  const isFor = authorization === "" || authorization === user;
  return isFor ? verdict(user, password) : { user: undefined };
}

const verdict = (user: string, password: string): Answer => ({
  user: PASSWORDS.get(user) === password ? user : undefined,
});

function utf8(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}
