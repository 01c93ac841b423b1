/**
 * What became of a delivery.
 * @module
 */

/** What became of the mail of one recipient. */
export type Outcome =
  | { readonly result: "delivered"; readonly reason: string }
  | {
    /** Deferred: later it may work. Failed: it never will. */
    readonly result: "deferred" | "failed";
    /** The enhanced status code (RFC 3463). */
    readonly status: `${4 | 5}.${number}.${number}`;
    /** One line of printable ASCII that the client may read. */
    readonly reason: string;
    /** For the log only. */
    readonly cause?: string;
    /** What is in trouble, if not the mail of this recipient alone. For trouble of the server no mail is given up. */
    readonly scope?: Scope;
  };

/** What is in trouble, if not the mail of one recipient alone. */
export type Scope = "destination" | "server";
