/**
 * The target that hands mail to a mail store by LMTP (RFC 2033).
 * @module
 */
import { z } from "zod";
import { text } from "../base/kinds.ts";
import { type Hop, parseHop } from "../client/hop.ts";
import type { Target } from "../handler/reply.ts";
import { Arguments } from "./arguments.ts";

/** Where the mail store is. */
export interface LmtpOptions {
  /** `unix:/run/dovecot/lmtp`, or `lmtp://HOST:PORT`; without a port it is 24. */
  readonly to: string;
  /**
   * Whether the connection is encrypted: `none`, `may` (if the server offers it), `encrypt`, or `verify` (and the
   * certificate is right). Without it, `may`; a Unix socket is never encrypted.
   */
  readonly tls?: "none" | "may" | "encrypt" | "verify";
}

/** A mail store. */
export const lmtpServer: z.ZodType<Hop, string> = text(
  "a server such as `unix:/run/dovecot/lmtp` or `lmtp://HOST:24`",
  (written) => {
    const hop = parseHop(written);
    if (hop.scheme === "lmtp") return { ...hop, isNamed: true };
    throw new TypeError(`\`${written}\` does not speak LMTP: write lmtp:// or unix:`);
  },
);

export const lmtpArguments = new Arguments(
  "lmtp",
  z.strictObject({ to: lmtpServer, tls: z.enum(["none", "may", "encrypt", "verify"]).optional() }),
);

/**
 * Mail goes to a mail store, such as Dovecot, which says of each recipient what became of the mail.
 *
 * ```ts
 * import { lmtp, on } from "postmaster";
 *
 * const store = lmtp({ to: "unix:/run/dovecot/lmtp" });
 *
 * export default on("AddRcptTo", ({ mailbox: { local } }, next) => local === "joe" ? store : next());
 * ```
 *
 * @throws {TypeError} for a server or options that make no sense
 */
export function lmtp(options: LmtpOptions): Target {
  return lmtpArguments.target({ ...options });
}
