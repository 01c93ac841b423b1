/**
 * The users of a password file, as the mechanisms ask for them.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { messageOf } from "../base/message_of.ts";
import type { Secret } from "../base/secret.ts";
import type { Verdict } from "../handler/event.ts";
import {
  type AuthClient,
  type Passwords,
  type ScramHash,
  type ScramSecret,
  type ScramSecrets,
  WRONG,
} from "./exchange.ts";
import type { Hashes } from "./hashes.ts";
import { type PasswordTable, prepared } from "./password_file.ts";
import { scramKeys } from "./scram.ts";
import type { UserSecrets } from "./user_secrets.ts";

/** Iterations of PBKDF2 in secrets that are made here (RFC 7677 section 4 asks for 4096 or more). */
export const ITERATIONS = 4096;

/** What a file without users has in place of one. */
const NOBODY: UserSecrets = {
  hash:
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  scram: {},
};

/** Checks passwords against a table, which is asked for each time. */
export class PasswordUsers implements Passwords, ScramSecrets {
  readonly #table: () => PasswordTable;
  readonly #hashes: Hashes;
  readonly #pepper: () => Uint8Array;
  readonly #lists = new WeakMap<PasswordTable, readonly UserSecrets[]>();

  /** @param pepper a secret that stays the same: of it come the salts of users who do not exist */
  constructor(table: () => PasswordTable, hashes: Hashes, pepper: () => Uint8Array) {
    this.#table = table;
    this.#hashes = hashes;
    this.#pepper = pepper;
  }

  async verify(
    user: string,
    password: Secret,
    client?: Pick<AuthClient, "signal">,
  ): Promise<Verdict> {
    const table = this.#table();
    const secrets = table.get(user) ?? this.#double(user, table);
    try {
      const right = await this.#matches(prepared(password.reveal()), secrets, client?.signal);
      return right && table.has(user) ? { user } : WRONG;
    } catch (error) {
      return client?.signal.aborted ? WRONG : { unavailable: messageOf(error) };
    }
  }

  /** Whether the password is that of the hash, or, without a hash, that of what SCRAM keeps. */
  async #matches(
    password: string,
    { hash, scram: { sha256, sha1 } }: UserSecrets,
    signal?: AbortSignal,
  ): Promise<boolean> {
    if (password === "") return false;
    if (hash !== undefined) return await this.#hashes.verify(password, hash, signal);
    const { salt, iterations, storedKey } = (sha256 ?? sha1)!;
    const keys = await scramKeys(password, salt, iterations, sha256 ? "sha256" : "sha1");
    return timingSafeEqual(keys.storedKey, storedKey);
  }

  secretOf(user: string, hash: ScramHash): Promise<ScramSecret> {
    const table = this.#table();
    const known = table.get(user)?.scram[hash];
    return Promise.resolve(known ?? this.#nobody(user, hash, this.#double(user, table)));
  }

  /**
   * The user whose secrets one who does not exist seems to have: always the same one, while the file does not change. So
   * a check takes as long as that of any other user, whatever the hashes in the file are.
   */
  #double(user: string, table: PasswordTable): UserSecrets {
    const at = Buffer.from(this.#derived("double", user, "sha256")).readUInt32BE() % table.size;
    return this.#listOf(table)[at] ?? NOBODY;
  }

  #listOf(table: PasswordTable): readonly UserSecrets[] {
    const list = this.#lists.get(table) ?? [...table.values()];
    this.#lists.set(table, list);
    return list;
  }

  #nobody(user: string, hash: ScramHash, double: UserSecrets): ScramSecret {
    const { salt, iterations } = double.scram[hash] ?? { salt: SALT, iterations: ITERATIONS };
    return {
      salt: this.#derived("salt", user, hash).subarray(0, salt.length),
      iterations,
      storedKey: this.#derived("stored key", user, hash),
      serverKey: this.#derived("server key", user, hash),
    };
  }

  #derived(purpose: string, user: string, hash: ScramHash): Buffer {
    return createHmac(hash, this.#pepper()).update(`${purpose} ${user}`).digest();
  }
}

/** As long as the salts that are made here. */
const SALT = new Uint8Array(16);
