/**
 * What is kept of a session: its parts. A part ends with a message, or with the session.
 * @module
 */
import type { LocalUser, Peer, SessionListener, SessionState } from "../handler/session.ts";
import type { ClientDetails } from "../smtp/client_details.ts";
import type { PlainParameters } from "../smtp/parameters.ts";
import type { PlainEvent, PlainReply, PlainStep } from "./plain.ts";

/** An event that was asked. */
export interface PlainAsked {
  /** Microseconds since the session began, at the answer. */
  readonly at: number;
  /** How long the handlers took, in microseconds. */
  readonly took: number;
  readonly event: PlainEvent;
  readonly steps: readonly PlainStep[];
  /** The answer, if it is not that of the outermost handler; `null` if nobody waited for one. */
  readonly reply?: PlainReply | null;
}

/** How the connection was encrypted. */
export interface PlainTls {
  readonly protocol: string;
  readonly cipher: string;
  readonly serverName?: string;
  readonly peer?: {
    readonly subject: string;
    readonly fingerprint: string;
    readonly trusted: boolean;
  };
}

/** Who the client was at the end of a part. */
export interface PlainClient {
  readonly peer: Peer;
  /** Another server has named it. */
  readonly named?: true;
  readonly forwarded?: ClientDetails;
  readonly listener: SessionListener;
  readonly tls?: PlainTls;
  readonly user?: string;
  readonly localUser?: LocalUser;
  readonly helo?: { readonly name: string; readonly extended: boolean };
}

/** A message that has come to its end. */
export interface PlainMessage {
  readonly id: string;
  /** Octets. */
  readonly size: number;
  /** The server has taken it: for one recipient or more. */
  readonly accepted: boolean;
}

/** A message in the queue, about whose delivery handlers were asked. */
export interface PlainQueued {
  readonly id: string;
  /** The sender, `null` for the null path. */
  readonly mailFrom: string | null;
  readonly parameters?: PlainParameters;
}

/** A part of a session. A question of the queue is one that stands alone: its session is that of its message. */
export interface Part extends PlainClient {
  /** The id of the session. */
  readonly session: string;
  /** The parts of a session have the numbers 0, 1, 2... */
  readonly part: number;
  /** When the session began, and when the part ended, in milliseconds since the epoch. */
  readonly begun: number;
  readonly until: number;
  /** Something was refused. */
  readonly refused: boolean;
  /** Nothing of the session follows. */
  readonly last?: true;
  readonly message?: PlainMessage;
  /** The message that the queue asked about. */
  readonly queued?: PlainQueued;
  /** Events that are not kept, because there were too many. */
  readonly omitted?: number;
  readonly events: readonly PlainAsked[];
}

/** Who the client of a session is at the moment. */
export function plainClient(session: SessionState): PlainClient {
  const { peer, named, forwarded, listener, tls, user, localUser, helo } = session;
  return {
    peer,
    ...named ? { named } : {},
    ...forwarded === undefined ? {} : { forwarded },
    listener,
    ...tls === undefined ? {} : { tls: plainTls(tls) },
    ...user === undefined ? {} : { user },
    ...localUser === undefined ? {} : { localUser },
    ...helo === undefined ? {} : { helo },
  };
}

function plainTls(
  { protocol, cipher, serverName, peer }: NonNullable<SessionState["tls"]>,
): PlainTls {
  return {
    protocol,
    cipher,
    ...serverName === undefined ? {} : { serverName },
    ...peer === undefined ? {} : { peer },
  };
}
