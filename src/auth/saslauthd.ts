/**
 * Passwords that saslauthd(8) of Cyrus SASL checks.
 * @module
 */
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import type { Verdict } from "../handler/event.ts";
import { checkedBy, type Claim, Elsewhere } from "./elsewhere.ts";
import { bytesOf, type Passwords, WRONG } from "./exchange.ts";

/** Questions at once. saslauthd works on five of them, and has no more than 32 wait. */
const MOST = 30;
/** The name of this service: `/etc/pam.d/smtp` for PAM. */
const SERVICE = "smtp";

/** Asks saslauthd, by a connection for each question, which is how its protocol works. */
export const saslauthd = (path: string): Passwords =>
  checkedBy(
    new Elsewhere(`saslauthd at ${path}`, MOST),
    async ({ user, password }: Claim, signal): Promise<Verdict> => {
      const answer = await ask(path, [user, password, SERVICE, ""].map(counted), signal);
      if (answer.startsWith("OK")) return { user };
      if (answer.startsWith("NO")) return WRONG;
      throw new Error("its answer is neither OK nor NO");
    },
  );

/** A text with its length in two octets before it. */
function counted(text: string): Uint8Array {
  const bytes = bytesOf(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Sends a question, and gives the text of the answer, which is counted too. */
function ask(path: string, question: readonly Uint8Array[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(Buffer.concat(question)));
    let answer = Buffer.alloc(0);
    const leave = () => socket.destroy(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    socket.on("data", (chunk: Uint8Array) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 2 || answer.length < 2 + answer.readUInt16BE()) return;
      resolve(answer.toString("utf8", 2));
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      signal.removeEventListener("abort", leave);
      reject(new Error("it has closed the connection without an answer"));
    });
  });
}
