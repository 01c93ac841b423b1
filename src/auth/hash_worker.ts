/**
 * The thread that works on hashes of passwords: each takes 50 milliseconds and more, and would stall all sessions.
 * @module
 */
import { argon2id, argon2Verify, bcryptVerify } from "hash-wasm";

/** A question to the thread. */
export type HashRequest =
  | { readonly id: number; readonly password: string; readonly hash: string }
  | { readonly id: number; readonly password: string };

/** Its answer: whether the password has the hash, or a hash of it. */
export type HashAnswer =
  | { readonly id: number; readonly result: boolean | string }
  | { readonly id: number; readonly error: string };

const thread = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;

thread.onmessage = async ({ data }: MessageEvent<HashRequest>) => {
  const { id } = data;
  try {
    const result = "hash" in data
      ? await verify(data.password, data.hash)
      : await make(data.password);
    thread.postMessage({ id, result } satisfies HashAnswer);
  } catch (error) {
    thread.postMessage({ id, error: String(error) } satisfies HashAnswer);
  }
};

const verify = (password: string, hash: string): Promise<boolean> =>
  hash.startsWith("$argon2id$")
    ? argon2Verify({ password, hash })
    : bcryptVerify({ password, hash: hash.replace(/^\$2y/, "$2b") });

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
