/**
 * What the server tells a shadow of its sessions, and what the shadow says.
 * @module
 */
import type { DnsAnswer } from "../dns/resolver.ts";
import type { DnsCode } from "../dns/error.ts";
import type { RecordType } from "../dns/records.ts";
import type { Event, EventOf } from "../handler/event.ts";
import type { Entry } from "../handler/global_store.ts";
import type { Reply } from "../handler/reply.ts";
import type { Session, Transaction } from "../handler/session.ts";
import type { VerdictDifference } from "../handler/verdict_difference.ts";
import type { Outline } from "./outline.ts";

/** What changes in the course of a session. */
export interface Facts
  extends Pick<Session, "peer" | "named" | "forwarded" | "tls" | "user" | "helo"> {
  /** The open transaction; its recipients are those whose events had a positive reply. */
  readonly transaction: Pick<Transaction, "id" | "mailFrom" | "parameters"> | undefined;
}

/** How a message came to the server's core. */
export interface Reached {
  readonly routes: EventOf<"Deliver">["routes"];
  readonly sender: EventOf<"Deliver">["sender"] | undefined;
  readonly hold: string | undefined;
  readonly deliver: string | undefined;
  /** The message as the handlers have changed it; `undefined` if they have not. */
  readonly message?: Outline | undefined;
}

/** How a message comes to the core, without what was made of its content. */
export const reachedBy = (event: EventOf<"Deliver">): Reached => {
  const { routes, sender, hold, deliver } = event;
  return { routes, sender, hold, deliver };
};

/** An event of a live session with what became of it. */
export interface ObservedEvent {
  readonly kind: "event";
  /** The number of the session. */
  readonly session: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** What the session was when it was asked, if that was not known. */
  readonly facts?: Facts | undefined;
  /** Of `Deliver` without the body, of `Authenticate` without what was proved. */
  readonly event: Event;
  readonly reply: Reply;
  /** The handler that has decided. */
  readonly handler: string;
  /** What the server's core has said of the event; `undefined` if it was not asked. */
  readonly core?: Reply | undefined;
  /** Of `Deliver`: how the message came to the core; `undefined` if it did not. */
  readonly reached?: Reached | undefined;
  /** Of `Deliver`: what of the body is missing: its end, since it was too long or was not read, or all of it. */
  readonly missing?: "end" | "all" | undefined;
}

/** What the server tells. */
export type Told =
  | {
    readonly kind: "session";
    readonly session: number;
    readonly about: Pick<Session, "id" | "listener" | "hostname" | "localUser">;
  }
  | ObservedEvent
  /** The session has ended, or is `lost`: more of it could not be told. */
  | { readonly kind: "end"; readonly session: number; readonly lost: boolean }
  /** Global variables, as they were when the shadow began. */
  | { readonly kind: "variables"; readonly entries: readonly Entry[] }
  | { readonly kind: "answer"; readonly question: number; readonly answer: Answer }
  /** Nothing more is told until it has answered all so far. */
  | { readonly kind: "rest" };

/** What a lookup in the DNS came to; `spent` if the shadow has asked too much. */
export type Answer =
  | { readonly found: DnsAnswer }
  | { readonly error: DnsCode; readonly spent?: boolean };

/** What a shadow says. */
export type Said =
  | { readonly kind: "ready" }
  /** The candidates cannot be asked, for this reason. */
  | { readonly kind: "fault"; readonly reason: string }
  | {
    readonly kind: "question";
    readonly question: number;
    readonly name: string;
    readonly type: RecordType;
  }
  /** What it has found since it said so last. */
  | { readonly kind: "found"; readonly found: Findings }
  /** It has answered all so far, and said what it has found. */
  | { readonly kind: "rested" }
  /** It lives, and takes so much memory. */
  | { readonly kind: "pulse"; readonly memory: number };

/** Why a verdict of the shadow could not be compared. */
export type Uncompared =
  /** It took too long. */
  | "late"
  /** It wanted more of the DNS than a shadow has. */
  | "dns"
  /** The message was too long or is not kept, or the live handlers did not read it to its end. */
  | "cut"
  /** A handler that asks another program has decided, which a shadow cannot ask. */
  | "remote"
  /** It wanted to do what a shadow may not. */
  | "forbidden"
  /** It depends on what a shadow is not told, such as passwords. */
  | "secret";

/** A fault of a handler, or what it has logged. */
export interface Noted {
  /** `broke`, `warns`, `logs` or `sends`. */
  readonly what: string;
  readonly handler: string;
  readonly event: string;
  readonly text: string;
}

/** What a shadow has found in a while. */
export interface Findings {
  /** Sessions that it has followed to their ends. */
  readonly sessions: number;
  /** Those that it has not, since it could not keep up. */
  readonly lost: number;
  /** Verdicts that were compared. */
  readonly compared: number;
  readonly uncompared: Readonly<Partial<Record<Uncompared, number>>>;
  /** Each kind with the number, and examples. */
  readonly differences: readonly {
    readonly kind: string;
    readonly count: number;
    readonly examples: readonly VerdictDifference[];
  }[];
  readonly notes: readonly (Noted & { readonly count: number })[];
}
