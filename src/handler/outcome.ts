/**
 * What became of a delivery.
 * @module
 */

/** What became of the mail of one recipient. */
export type Outcome =
  | {
    readonly result: "delivered";
    /** One line of printable ASCII. */
    readonly reason: string;
    /** The server that has taken it, for targets that send by SMTP or LMTP. */
    readonly remote?: Remote;
    /** The other server tells the sender what the sender wants to be told (RFC 3461), and not this one. */
    readonly dsn?: "handed on";
  }
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
    /**
     * It was not tried, because others have their turn: it goes back to the queue, and begins again after so many
     * milliseconds. That is no attempt.
     */
    readonly later?: number;
    /** The server that has said so, for targets that send by SMTP or LMTP. Reports to senders name it. */
    readonly remote?: Remote;
    /** What kind of refusal it is, as the reply of another server says it. */
    readonly kind?: RefusalKind;
  };

/** The answer of another server. */
export interface Remote {
  /** The server: `mx.example.org`. */
  readonly name: string;
  /** Its reply: `550 5.1.1 no such user`. */
  readonly reply: string;
  /** Its address: `192.0.2.7`. */
  readonly address?: string;
  /** How the connection was encrypted; `undefined` if it was not. */
  readonly tls?: RemoteTls;
}

/** An encrypted connection to another server. */
export interface RemoteTls {
  /** `TLSv1.3`. */
  readonly protocol: string;
  /** `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** By what its certificate was found to be right; `undefined` if by nothing. */
  readonly verified?: "dane" | "mta-sts" | "ca" | undefined;
}

/** What another server refuses, and why, for statistics and for the times of further attempts. */
export type RefusalKind =
  /** There is no such mailbox, or it takes no mail. */
  | "mailbox"
  /** The mailbox is full. */
  | "quota"
  /** Later it will be taken: the server wants to see whether the client comes back. */
  | "greylist"
  /** The client's address or domain has a bad name, or too many messages come from it. */
  | "reputation"
  /** The message or its sender is not wanted. */
  | "policy"
  /** The message is too large. */
  | "size"
  /** The server is busy, or in trouble of its own. */
  | "busy"
  /** What was said is against the protocol, or not known to the server. */
  | "protocol"
  /** The connection could not be made, was not safe enough, or was lost. */
  | "connection"
  /** The domain has no server, or the DNS does not say. */
  | "dns"
  /** The server does not let this one in: its user, its password or its token is wrong. The operator must act. */
  | "login"
  | "other";

/** Every {@linkcode RefusalKind}. */
export const REFUSAL_KINDS: readonly RefusalKind[] = [
  ...["mailbox", "quota", "greylist", "reputation", "policy", "size", "busy", "protocol"] as const,
  ...["connection", "dns", "login", "other"] as const,
];

/** What kind of refusal an outcome is; `undefined` if it is none, or nobody knows. */
export const refusalKind = (outcome: Outcome | undefined): RefusalKind | undefined =>
  outcome === undefined || outcome.result === "delivered" ? undefined : outcome.kind;

/** What is in trouble, if not the mail of one recipient alone. */
export type Scope = "destination" | "server";

/** `TLSv1.3 TLS_AES_256_GCM_SHA384, verified by dane`. */
export const printRemoteTls = ({ protocol, cipher, verified }: RemoteTls): string =>
  `${protocol} ${cipher}${verified === undefined ? "" : `, verified by ${verified}`}`;
