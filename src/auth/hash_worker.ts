/**
 * The thread that works on hashes of passwords: each takes 50 milliseconds and more, and would stall all sessions.
 * @module
 */
import { Buffer } from "node:buffer";
import { argon2id, argon2Verify, bcryptVerify } from "hash-wasm";
import { messageOf } from "../base/message_of.ts";

/** A question to the thread: whether a password has a hash, or, without a hash, for one. */
export interface HashRequest {
  readonly password: string;
  readonly hash?: string | undefined;
}

/** The answer: whether the password has the hash, or a hash of the password. */
export type HashAnswer = { readonly result: boolean | string } | { readonly error: string };

const thread = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;

thread.onmessage = async ({ data }: MessageEvent<HashRequest>) =>
  thread.postMessage(await answer(data));

async function answer({ password, hash }: HashRequest): Promise<HashAnswer> {
  try {
    return { result: hash === undefined ? await make(password) : await verify(password, hash) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

const verify = (password: string, hash: string): Promise<boolean> =>
  hash.startsWith("$argon2id$")
    ? argon2Verify({ password, hash })
    : bcryptVerify({ password: forBcrypt(password), hash: hash.replace(/^\$2y/, "$2b") });

/** bcrypt takes 72 octets; all implementations but this one ignore those that follow. */
const forBcrypt = (password: string): Uint8Array => Buffer.from(password).subarray(0, 72);

/** argon2id with 19 MiB and two rounds, the least that OWASP recommends. */
const make = (password: string): Promise<string> =>
  argon2id({
    password,
    salt: crypto.getRandomValues(new Uint8Array(16)),
    memorySize: 19_456,
    iterations: 2,
    parallelism: 1,
    hashLength: 32,
    outputType: "encoded",
  });
