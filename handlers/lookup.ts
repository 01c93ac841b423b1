/**
 * Answers of the DNS for handlers: something, nothing, or unknown.
 * @module
 */
import { type Reply, say } from "postmaster";

/**
 * The answer; `otherwise` if the name or the record does not exist, or the name is invalid. Throws if the DNS cannot
 * tell.
 */
export async function found<T, U>(lookup: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await lookup;
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === "ENOTFOUND" || code === "ENODATA" || code === "EBADNAME") return otherwise;
    throw error;
  }
}

/** The reply while the DNS cannot tell: the client tries again later. */
export const CANNOT_TELL: Reply = say(4, 5, 1, "DNS lookup failed, try again later", "4.4.3");

/** The result of `answer`; {@linkcode CANNOT_TELL} if a lookup that it needs has no answer. */
export async function unlessInDoubt(
  answer: () => Promise<Reply>,
  log: (text: string, fields: Readonly<Record<string, string>>) => void,
): Promise<Reply> {
  try {
    return await answer();
  } catch (error) {
    const { code, hostname } = error as { readonly code?: string; readonly hostname?: string };
    if (code === undefined || hostname === undefined) throw error;
    log("DNS lookup failed", { name: hostname, code });
    return CANNOT_TELL;
  }
}
