/**
 * What the queue knows of a message and of its recipients. All of it is plain data, so that any store can keep it.
 * @module
 */
import type { PlainParameters } from "../smtp/parameters.ts";
import type { Target } from "../handler/reply.ts";
import type { ListenerKind } from "../net/address.ts";
import type { Outcome } from "../targets/target.ts";

/** A message as it was accepted: none of this changes any more. */
export interface QueuedMessage {
  /** The queue id. */
  readonly id: string;
  /** When it was accepted, in milliseconds since the epoch. */
  readonly accepted: number;
  /** The sender's mailbox; `null` is the null path. */
  readonly sender: string | null;
  /** The parameters of MAIL. */
  readonly parameters: PlainParameters;
  /** Octets. */
  readonly size: number;
  /** The content of its field `Message-ID`, without white space around it. */
  readonly messageId: string | undefined;
  /** From -9 to 9: the recipients of a message with more are served first (RFC 6710). */
  readonly priority: number;
  /** How it came. */
  readonly origin: Origin;
}

/** The session in which a message came. A message that the server has made itself, such as a bounce, has none. */
export interface Origin {
  /** The id of the session, for the log. */
  readonly session: string;
  /** The server's own name. */
  readonly hostname: string;
  /** The address of the client; `local` for the server itself. */
  readonly peer: string;
  readonly port: number;
  readonly listener: { readonly address: string; readonly kind: ListenerKind };
  readonly helo: { readonly name: string; readonly extended: boolean } | undefined;
  /** The user that the client has proved to be. */
  readonly user: string | undefined;
  /** The user of this machine who has handed it over. */
  readonly localUser?: { readonly name: string; readonly uid: number } | undefined;
  readonly tls: { readonly protocol: string; readonly cipher: string } | undefined;
  /** The address of the client from which that client has it, as it says (XFORWARD); `""` if it does not know it. */
  readonly forwarded?: string | undefined;
  /** Why the server made the message itself: `bounce`, `server` for what it tells others, or the name of a handler. */
  readonly made?: string | undefined;
}

/** The mail of one recipient, as it is put into the queue. */
export interface NewRecipient {
  /** The mailbox that is delivered to. */
  readonly recipient: string;
  readonly user: string | undefined;
  readonly extension: string | undefined;
  /** The recipient as the client named it; `undefined` if a handler has added this one. */
  readonly original: string | undefined;
  /** The parameters of the RCPT that named it. */
  readonly parameters: PlainParameters;
  readonly target: Target;
  /** A copy, of which the sender knows nothing. */
  readonly copy: boolean;
  /** What shares limits, and trouble: `example.net`, or a mailbox of this machine. */
  readonly destination: string;
  /** Which handler has decided where it goes. */
  readonly decidedBy: string | undefined;
  readonly state: RecipientState;
}

/** Where the mail of a recipient stands. */
export type RecipientState =
  /** It is tried when it is due, in milliseconds since the epoch. */
  | { readonly at: "waiting"; readonly due: number }
  /** This server has it, and tries it now or next. After a crash it waits, and is due at once. */
  | { readonly at: "active" }
  /** Nobody tries it until an operator releases it. */
  | { readonly at: "held"; readonly reason: string }
  /** It is over. */
  | { readonly at: "ended"; readonly ending: Ending; readonly time: number };

/** The name of a {@linkcode RecipientState}. */
export type StateName = RecipientState["at"];

/**
 * How the mail of a recipient has ended: delivered; failed for good; `expired`: given up after the longest time;
 * `dropped` by an operator, who tells nobody; `rerouted`: other recipients of the same message have taken its place.
 */
export type Ending = "delivered" | "failed" | "expired" | "dropped" | "rerouted";

/** The mail of one recipient in the queue. */
export interface QueuedRecipient extends NewRecipient {
  /** The key of this recipient in its store. */
  readonly key: number;
  /** The queue id of its message. */
  readonly message: string;
  /** How many attempts have ended. */
  readonly attempts: number;
  /** The last attempt; `undefined` before the first. */
  readonly last: Attempt | undefined;
  /** Whether the sender has been told that it is late. */
  readonly warned: boolean;
  /** It fails without an attempt, because an operator wants it to, for this reason. */
  readonly refusal: string | undefined;
}

/** One attempt to deliver the mail of one recipient. */
export interface Attempt {
  /** When it began, in milliseconds since the epoch. */
  readonly time: number;
  /** How long it took, in milliseconds. */
  readonly took: number;
  readonly outcome: Outcome;
  /** What was done with the mail, for people: the command, or the server that it went to. */
  readonly plan: string | undefined;
  /** The handler that decided instead of an attempt. */
  readonly handler?: string | undefined;
}
