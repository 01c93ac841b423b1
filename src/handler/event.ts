/**
 * The events: every step of an SMTP session, and every mistake in one. An event carries only what exists at its
 * stage.
 * @module
 */
import type { Secret } from "../base/secret.ts";
import type { ClientDetails } from "../smtp/client_details.ts";
import type { QueueName } from "../smtp/etrn.ts";
import type { Fault } from "../smtp/fault.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { ForeignLine } from "../smtp/other_protocol.ts";
import type { Parameters } from "../smtp/parameters.ts";
import type { Outcome } from "./outcome.ts";
import type { Route } from "./reply.ts";

/** The caps and deadlines of a session. Each has a standard reply. */
export type LimitName =
  | "connections"
  | "connections-per-address"
  | "messages-per-connection"
  | "recipients"
  | "errors"
  | "refused-recipients"
  | "command-length"
  | "message-size"
  | "text-line"
  | "header-size"
  | "received"
  | "command-timeout"
  | "data-timeout"
  | "data-rate"
  | "message-timeout";

/** Whether a client is who it says it is. */
export type Verdict =
  /** The client is this user. `proof` is what the server proves in turn, before the reply. */
  | { readonly user: string; readonly proof?: Uint8Array }
  /** The client is not, for this reason, which the client is not told. */
  | { readonly refused: string }
  /** Nobody can tell at the moment, for this reason. */
  | { readonly unavailable: string };

/** The content of an event without content. */
// deno-lint-ignore ban-types -- an object of which nothing is known but its type
export type Nothing = {};

/** A command that came at the wrong time. */
export interface OutOfOrder {
  /** The verb of the command. */
  readonly command: string;
}

/** What each event carries. */
export interface EventMap {
  /** A client has connected. A reply other than 2xx refuses it. */
  Greeting: Nothing;
  /**
   * Octets of the client have come before the positive reply to `Greeting` has gone out: the client does not wait, as
   * RFC 5321 section 3.1 wants. After a positive reply the server greets the client and reads what it has said; any
   * other is sent in place of the greeting and refuses it.
   */
  TalksEarly: Nothing;
  /** HELO. */
  SayHelo: { readonly name: string };
  /** EHLO, or LHLO of LMTP. The first line of the reply is a greeting, each further one an extension. */
  SayEhlo: { readonly name: string };
  /** MAIL FROM; `null` is the null path `<>` of a bounce. */
  SetMailFrom: { readonly mailbox: Mailbox | null; readonly parameters: Parameters };
  /** RCPT TO. A positive reply says where the mail goes. */
  AddRcptTo: {
    readonly mailbox: Mailbox;
    readonly parameters: Parameters;
    /** Asks only for exactly this mailbox: handlers that take mail for unknown addresses pass the event on. */
    readonly exact?: boolean;
    /** The extension that was cut off the local part, with the delimiter: `+list`. */
    readonly suffix?: string;
  };
  /**
   * XCLIENT: another server, which is trusted, speaks for a client from now on. After a positive reply the session begins
   * anew with that client: {@linkcode Greeting} is asked again, and its reply is sent.
   */
  SetClient: { readonly client: ClientDetails };
  /** XFORWARD: another server says from whom it has the next message. It is logged, and changes nothing else. */
  ForwardClient: { readonly client: ClientDetails };
  /** STARTTLS. After a positive reply the connection is encrypted, and the session begins anew (RFC 3207). */
  StartTls: Nothing;
  /**
   * AUTH, once the client has said everything (RFC 4954). A positive reply names the user: {@linkcode authenticated}
   * makes it.
   */
  Authenticate: {
    /** The SASL mechanism: `PLAIN`. */
    readonly mechanism: string;
    /** The user that the client says it is. */
    readonly user: string;
    /** The password, with mechanisms that send it: PLAIN and LOGIN. */
    readonly password?: Secret;
    /** What other mechanisms have found out. */
    readonly verdict?: Verdict;
  };
  /**
   * DATA, or the first BDAT of a message (RFC 3030). The positive reply is 354; after BDAT the client is not told it.
   */
  StartData: Nothing;
  /**
   * BDAT, once its octets have come, without LAST: more of the message follows. A negative reply ends the transaction.
   * The reply to the last BDAT is that to `Deliver`.
   */
  TakeChunk: {
    /** Octets of this chunk. */
    readonly octets: number;
  };
  /**
   * The message. It arrives while it is read, without the dots of SMTP, with CRLF line ends. A broken message makes
   * the iteration of `body` throw, and then the reply does not matter.
   */
  Deliver: {
    readonly body: AsyncIterable<Uint8Array>;
    /** The targets of the message; a handler may add routes. */
    readonly routes: readonly Route[];
    /** A handler that sets it gives the message another sender; `null` is the null path. */
    readonly sender?: Mailbox | null;
    /** A handler that sets it has the message wait in the queue until an operator releases it, for this reason. */
    readonly hold?: string;
    /** A handler that sets it decides when the message is delivered. Without a queue, it changes nothing. */
    readonly deliver?: "queued" | "before-reply";
    /** Aborted when the message breaks off, or the server stops waiting for the reply: then nothing is delivered. */
    readonly signal: AbortSignal;
  };
  /**
   * The queue is about to deliver a recipient's mail. A positive reply says where it goes, as for
   * {@linkcode AddRcptTo}; 4xx defers it, 5xx fails it for good, and {@linkcode hold} puts it on hold. The session is
   * that in which the message came, as far as the queue knows of it.
   */
  BeforeDelivery: {
    /** Where the mail would go. */
    readonly route: Route;
    /** The first attempt is 1. */
    readonly attempt: number;
    /** What shares limits, and trouble: `example.net`, or a mailbox of this machine. */
    readonly destination: string;
    /** What became of the attempt before; `undefined` at the first one. */
    readonly last: Outcome | undefined;
  };
  /** An attempt to deliver a recipient's mail is over. The reply changes nothing. */
  AfterDelivery: {
    /** Where the mail went, or should have gone. */
    readonly route: Route;
    /** The first attempt is 1. */
    readonly attempt: number;
    readonly outcome: Outcome;
    /** How it goes on: `deferred` mail is tried again, mail of which nothing more is tried has `failed` or `expired`. */
    readonly ending: "delivered" | "failed" | "deferred" | "expired";
    /** When deferred mail is tried again. */
    readonly next: Date | undefined;
  };
  /** RSET. */
  ResetState: Nothing;
  /** NOOP. */
  SayOK: { readonly argument: string };
  /** HELP. */
  SeeksHelp: { readonly topic: string };
  /** VRFY. */
  Verify: { readonly argument: string };
  /** EXPN. */
  Expand: { readonly argument: string };
  /** ETRN: the client asks for the mail that waits for a domain, or in a queue (RFC 1985). */
  StartQueue: QueueName;
  /** QUIT. */
  Shutdown: Nothing;

  /** An unknown verb. A positive reply makes it a command of your own. */
  Unrecognized: { readonly line: string };
  /** A command, or the message of `DATA` or `BDAT`, that breaks the grammar. */
  SyntaxErrorIn: { readonly command: string; readonly fault: Fault };
  /** A verb of the standards that this server does not offer. */
  NotImplemented: { readonly command: string };
  /** MAIL, RCPT, DATA before HELO, EHLO or LHLO. */
  NeedHeloFirst: OutOfOrder;
  /** RCPT or DATA before MAIL. */
  NeedMailFromFirst: OutOfOrder;
  /** DATA without an accepted recipient. */
  NeedRcptToFirst: OutOfOrder;
  /** MAIL inside a transaction (RFC 5321 section 4.1.4). */
  NestedMail: OutOfOrder;
  /** A command in the midst of a message that comes in chunks, other than the next BDAT or one that ends it (RFC 3030). */
  WithinChunks: OutOfOrder;
  /** MAIL, VRFY, EXPN or ETRN of a client that must authenticate first (RFC 4954 section 6). */
  NeedAuthFirst: OutOfOrder;
  /** AUTH of a client that is authenticated already (RFC 4954 section 4). */
  AlreadyAuthenticated: OutOfOrder;
  /**
   * The client speaks another protocol, such as HTTP. The session ends, whatever the reply, and the server obeys
   * nothing that the client sent after this line.
   */
  OtherProtocol: ForeignLine;
  /** A cap or a deadline was reached. */
  LimitExceeded: { readonly limit: LimitName };
  /** The server is going down. */
  ServiceClosing: Nothing;
}

/** The name of an event. */
export type EventName = keyof EventMap;
/** Any event. */
export type Event = { [K in EventName]: { readonly type: K } & EventMap[K] }[EventName];
/** The event with this name. */
export type EventOf<K extends EventName> = Extract<Event, { readonly type: K }>;

/** An event as handlers see it: none of them can change what the others, or the engine, have of it. */
export function frozenEvent(event: Event): Event {
  if (event.type === "SyntaxErrorIn") Object.freeze(event.fault);
  else if (event.type === "Authenticate") Object.freeze(event.verdict);
  else if (event.type === "Deliver") Object.freeze(event.routes);
  else if ("client" in event) Object.freeze(event.client);
  else if ("route" in event) {
    Object.freeze(event.route);
    Object.freeze(event.type === "AfterDelivery" ? event.outcome : event.last);
  }
  return Object.freeze(event);
}

/** Every name, for those who write no types. */
const NAMES: { readonly [K in EventName]: true } = {
  Greeting: true,
  TalksEarly: true,
  SayHelo: true,
  SayEhlo: true,
  SetMailFrom: true,
  AddRcptTo: true,
  SetClient: true,
  ForwardClient: true,
  StartTls: true,
  Authenticate: true,
  StartData: true,
  TakeChunk: true,
  Deliver: true,
  BeforeDelivery: true,
  AfterDelivery: true,
  ResetState: true,
  SayOK: true,
  SeeksHelp: true,
  Verify: true,
  Expand: true,
  StartQueue: true,
  Shutdown: true,
  Unrecognized: true,
  SyntaxErrorIn: true,
  NotImplemented: true,
  NeedHeloFirst: true,
  NeedMailFromFirst: true,
  NeedRcptToFirst: true,
  NestedMail: true,
  WithinChunks: true,
  NeedAuthFirst: true,
  AlreadyAuthenticated: true,
  OtherProtocol: true,
  LimitExceeded: true,
  ServiceClosing: true,
};
/** The names of all events. */
export const EVENT_NAMES: readonly string[] = Object.keys(NAMES);

/** The events that no client causes, but the queue: a handler that is a plain function is not asked them. */
export const OF_QUEUE: ReadonlySet<EventName> = new Set(
  ["BeforeDelivery", "AfterDelivery"] as const,
);

/** The events whose replies carry no enhanced status code (RFC 2034 section 4). */
export const WITHOUT_STATUS: ReadonlySet<EventName> = new Set([
  ...["Greeting", "TalksEarly", "SayHelo", "SayEhlo"] as const,
]);
