/**
 * The users of a password file, as the mechanisms ask for them.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { messageOf } from "../base/message_of.ts";
import type { Secret } from "../base/secret.ts";
import type { Verdict } from "../handler/event.ts";
import {
  type Passwords,
  type ScramHash,
  type ScramSecret,
  type ScramSecrets,
  WRONG,
} from "./exchange.ts";
import type { Hashes } from "./hashes.ts";
import { type PasswordTable, prepared } from "./password_file.ts";

/** Iterations of PBKDF2 in secrets that are made here (RFC 7677 section 4 asks for 4096 or more). */
export const ITERATIONS = 4096;

/** A hash of no password, for users who do not exist: checking it takes as long. */
const NOBODY =
  "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/** Checks passwords against a table, which is asked for each time. */
export class PasswordUsers implements Passwords, ScramSecrets {
  readonly #table: () => PasswordTable;
  readonly #hashes: Hashes;
  readonly #pepper: Uint8Array;

  /** @param pepper a secret that stays the same: of it come the salts of users who do not exist */
  constructor(table: () => PasswordTable, hashes: Hashes, pepper: Uint8Array) {
    this.#table = table;
    this.#hashes = hashes;
    this.#pepper = pepper;
  }

  async verify(user: string, password: Secret): Promise<Verdict> {
    const hash = this.#table().get(user)?.hash;
    try {
      const right = await this.#hashes.verify(prepared(password.reveal()), hash ?? NOBODY);
      return hash !== undefined && right ? { user } : WRONG;
    } catch (error) {
      return { unavailable: messageOf(error) };
    }
  }

  secretOf(user: string, hash: ScramHash): Promise<ScramSecret> {
    const known = this.#table().get(user)?.scram[hash];
    return Promise.resolve(known ?? this.#nobody(user, hash));
  }

  #nobody(user: string, hash: ScramHash): ScramSecret {
    const derived = (purpose: string) =>
      createHmac(hash, this.#pepper).update(`${purpose} ${user}`).digest();
    return {
      salt: Buffer.from(derived("salt").subarray(0, 16)),
      iterations: ITERATIONS,
      storedKey: derived("stored key"),
      serverKey: derived("server key"),
    };
  }
}
