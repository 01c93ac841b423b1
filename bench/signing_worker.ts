/**
 * A thread that signs, for `signing.ts`.
 * @module
 */
import { createPrivateKey, sign } from "node:crypto";

const thread = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;
let key: ReturnType<typeof createPrivateKey> | undefined;

thread.onmessage = ({ data }: MessageEvent<{ pem?: string; octets: Uint8Array }>) => {
  if (data.pem !== undefined) key = createPrivateKey(data.pem);
  else thread.postMessage(Uint8Array.from(sign("sha256", data.octets, key!)));
};
