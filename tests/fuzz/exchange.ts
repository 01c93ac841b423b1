/**
 * Exchanges of AUTH (RFC 4954, 4616), as a model of a server has them.
 * @module
 */
import { Buffer } from "node:buffer";
import { PASSWORDS } from "./world.ts";

/** Who the client is; nobody, if it does not know the password. */
export interface Verdict {
  readonly user: string | undefined;
}

/** An exchange that has begun. */
export class Exchange {
  readonly mechanism: "PLAIN" | "LOGIN";
  /** What the client has answered. */
  readonly answers: string[] = [];

  private constructor(mechanism: "PLAIN" | "LOGIN") {
    this.mechanism = mechanism;
  }

  /** An exchange by a mechanism; `undefined` if it is not offered. */
  static by(name: string): Exchange | undefined {
    const mechanism = name.toUpperCase();
    return mechanism === "PLAIN" || mechanism === "LOGIN" ? new Exchange(mechanism) : undefined;
  }

  /** The text of the challenge. */
  get challenge(): string {
    if (this.mechanism === "PLAIN") return "";
    return btoa(this.answers.length === 0 ? "Username:" : "Password:");
  }
}

/** What becomes of an exchange when the client answers the challenge. */
export function answerTo(exchange: Exchange, line: string): "go on" | "malformed" | Verdict {
  if (line.length % 4 > 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(line)) return "malformed";
  const text = utf8(Buffer.from(line, "base64"));
  const { answers, mechanism } = exchange;
  if (mechanism === "LOGIN") {
    answers.push(text ?? "");
    if (answers.length === 1) return "go on";
    const [user = "", password = ""] = answers;
    return user === "" || password === "" ? "malformed" : verdict(user, password);
  }
  const parts = text?.split("\0") ?? [];
  const [authorization, user = "", password = ""] = parts;
  if (parts.length !== 3 || user === "" || password === "") return "malformed";
  const isFor = authorization === "" || authorization === user;
  return isFor ? verdict(user, password) : { user: undefined };
}

const verdict = (user: string, password: string): Verdict => ({
  user: PASSWORDS.get(user) === password ? user : undefined,
});

function utf8(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}
