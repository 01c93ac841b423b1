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
    /** The server that has said so, for targets that send by SMTP or LMTP. Reports to senders name it. */
    readonly remote?: Remote;
  };

/** The answer of another server. */
export interface Remote {
  /** The server: `mx.example.org`. */
  readonly name: string;
  /** Its reply: `550 5.1.1 no such user`. */
  readonly reply: string;
}

/** What is in trouble, if not the mail of one recipient alone. */
export type Scope = "destination" | "server";
