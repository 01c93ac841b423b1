/**
 * What the server logs: a closed list of events, each with its level and the type of its fields.
 * @module
 */

/** A value in a log line. Never message content, never a secret. */
export type Field = string | number | boolean | null | undefined | readonly string[];

/**
 * The order of the fields in a line. First comes what only the server and the operator say, then what the client says;
 * so a program that reads lines finds the former without reading the latter. All other fields follow.
 */
export const FIELD_ORDER = [
  "session",
  "peer",
  "port",
  "via",
  "listener",
  "event",
  "code",
  "enhanced",
  "handler",
  "limit",
  "id",
  "helo",
  "sender",
  "user",
  "mechanism",
  "recipient",
  "recipients",
  "verb",
  "text",
  "target",
  "plan",
  "reason",
  "cause",
] as const;

/** What every line about a session says of it. */
export interface OfSession {
  /** The id that all lines of one session carry. */
  readonly session: string;
  /** The address of the client, without its port. */
  readonly peer: string;
  /** The name that the client gave in HELO or EHLO. */
  readonly helo?: string | undefined;
  /** The user that the client has proved to be. */
  readonly user?: string | undefined;
  /** The queue id of the message, and its sender. */
  readonly id?: string | undefined;
  readonly sender?: string | undefined;
}
interface OfMessage extends OfSession {
  readonly id: string;
  readonly sender: string;
}
interface OfDelivery extends OfMessage {
  readonly recipient: string;
  /** The enhanced status code of a failure. */
  readonly enhanced?: string | undefined;
  readonly target: string;
  /** What was done with the mail: the command, or the server that it went to. */
  readonly plan?: string | undefined;
  readonly reason: string;
  /** What kind of refusal of another server it is: `greylist`. */
  readonly kind?: string | undefined;
  /** The other server that has said so, and its address. */
  readonly remote?: string | undefined;
  readonly address?: string | undefined;
  /** How the connection to it was encrypted: `TLSv1.3 TLS_AES_256_GCM_SHA384, verified by dane`. */
  readonly tls?: string | undefined;
  /** What only the postmaster should read. */
  readonly cause?: string | undefined;
  /** Which attempt this was; 1 is the first. */
  readonly attempt?: number | undefined;
  /** Seconds since the message was accepted. */
  readonly age?: number | undefined;
  /** When the next attempt is due. */
  readonly next?: string | undefined;
}

interface OfConnection extends OfSession {
  /** Absent for a Unix socket. */
  readonly port?: number | undefined;
  readonly listener: string;
  /** The proxy that the client has come by. */
  readonly via?: string | undefined;
}

/** The fields of each log event. */
export interface LogFields {
  /** The first event; `config` is the file of the configuration, or `none`. */
  starting: { readonly config: string };
  started: { readonly listen: readonly string[]; readonly hostname: string };
  "runs as root": { readonly hint: string };
  "doubtful setting": { readonly place: string; readonly hint: string };
  "gave up root": { readonly user: string; readonly groups: readonly string[] };
  /** A certificate that expires, or is not for the server's name. */
  "doubtful certificate": { readonly hint: string };
  "certificates read again": { readonly files: readonly string[] };
  "certificate ordered": { readonly domains: readonly string[]; readonly directory: string };
  "certificate issued": { readonly domains: readonly string[]; readonly until: string };
  /** `next` is when the server tries again. */
  "certificate not issued": {
    readonly domains: readonly string[];
    readonly error: string;
    readonly next: string;
  };
  /** An account at an authority, which agrees to these terms of service. */
  "account made": { readonly directory: string; readonly terms: string | undefined };
  "log reopened": { readonly file: string | undefined };
  "log not reopened": { readonly error: string };
  /** Another configuration is in force. */
  reloaded: { readonly by: string; readonly changed: readonly string[] };
  /** All stays as it was. */
  "not reloaded": { readonly by: string; readonly error: string };
  /** The reader of the log was so slow that lines could not be kept. */
  "log lines lost": { readonly lines: number };
  stopping: { readonly reason: string; readonly sessions: number };
  stopped: { readonly sessions: number };
  "listener failed": { readonly listen: string; readonly error: string };
  "spool failed": { readonly directory: string; readonly error: string };
  "store failed": { readonly file: string; readonly error: string };
  /** An operator has changed the queue. */
  "queue changed": { readonly change: string; readonly recipients: number };
  "store recovered": { readonly file: string };
  /** Candidates for the place of the handlers are asked about live traffic, without any effect. */
  "shadow started": { readonly handlers: readonly string[] };
  /** They are not: `next` is when the server tries again. */
  "shadow failed": { readonly error: string; readonly next: string };
  /** A connection that should be that of a proxy is not, or brings no client. There is no session. */
  "proxy refused": Omit<OfConnection, "session"> & { readonly reason: string };
  connected: OfConnection;
  /** Another server, `via`, speaks for a client from now on. */
  "client named": OfConnection & { readonly name?: string | undefined };
  refused: OfConnection & { readonly reason: string };
  /** Connections for which there was no session. */
  "refused more": { readonly connections: number };
  /** The connection is encrypted from here on. */
  encrypted: OfSession & {
    readonly protocol: string;
    readonly cipher: string;
    readonly serverName?: string | undefined;
    /** The subject of the client's certificate, if it is trusted. */
    readonly client?: string | undefined;
  };
  /** A changed file of passwords has a mistake, and counts as it was before. */
  "passwords not read": { readonly file: string; readonly error: string };
  /** Another server does not let this one in, so its mail waits until the operator mends that. */
  "login refused": { readonly server: string; readonly user: string; readonly reason: string };
  /** No token for the user's mail at other servers was fetched; `next` is when the server tries again at the earliest. */
  "token not fetched": { readonly user: string; readonly error: string; readonly next: string };
  /** A token that replaces the last one is lost if the server ends now. */
  "token not kept": { readonly user: string; readonly error: string };
  /** The web server gives no more tokens, so mail waits until the operator mends that. */
  "grant refused": { readonly user: string; readonly error: string; readonly hint: string };
  /** The right to fetch tokens ends soon. */
  "grant ends": { readonly user: string; readonly until: string; readonly hint: string };
  /** A changed file of routes has a mistake, and counts as it was before. */
  "routes not read": { readonly error: string };
  "pepper not kept": { readonly file: string; readonly error: string };
  authenticated: OfSession & { readonly mechanism: string };
  /** Whether clients are who they say they are cannot be told at the moment. */
  "authentication failed": OfSession & { readonly error: string };
  disconnected: OfSession & {
    readonly reason: string;
    readonly messages: number;
    readonly seconds: number;
  };
  command: OfSession & { readonly line: string };
  reply: OfSession & { readonly code: number; readonly text: string };
  rejected: OfSession & {
    readonly event: string;
    readonly code: number;
    readonly enhanced?: string | undefined;
    /** The handler that made the refusal; `core` for the server itself. */
    readonly handler: string;
    /** The limit that was reached. */
    readonly limit?: string | undefined;
    /** The SASL mechanism of a client that is refused; `user` is then who it says it is. */
    readonly mechanism?: string | undefined;
    readonly recipient?: string | undefined;
    readonly recipients?: readonly string[] | undefined;
    /** The verb of a command that is not known, not offered or wrong. */
    readonly verb?: string | undefined;
    /** Why a mechanism refuses a client, which the client is not told. */
    readonly cause?: string | undefined;
    readonly text: string;
  };
  /** The client does not wait for the greeting: so many octets have come before it. */
  "talks early": OfSession & { readonly octets: number };
  "other protocol": OfSession & {
    readonly protocol: string;
    readonly line: string;
  };
  received: OfMessage & {
    readonly recipients: readonly string[];
    readonly size: number;
    /** What another server says of the client from which it has the message. */
    readonly [forwarded: `forwarded${string}`]: Field;
    readonly code: number;
    readonly enhanced?: string | undefined;
  };
  /** An operator or a handler keeps the mail in the queue. */
  held: OfMessage & {
    readonly recipient: string;
    readonly reason: string;
    readonly handler?: string | undefined;
  };
  /** The server tells the sender of a message, `about`, what became of it, in the message `id`. */
  reported: OfMessage & {
    readonly recipient: string;
    readonly text: string;
    readonly about: string;
  };
  /** A file in the drop directory is no message, or no longer wanted, and was removed. */
  "drop refused": { readonly file: string; readonly uid: number; readonly reason: string };
  /** A message in the drop directory stays there, and is tried again after so many seconds. */
  "drop deferred": LogFields["drop refused"] & { readonly seconds: number };
  /** Mail that programs of this machine leave cannot be taken, or not at once. */
  "drop failed": { readonly directory: string; readonly error: string };
  /** The store of the queue cannot keep anything at the moment. */
  "queue failed": { readonly directory: string; readonly error: string };
  "queue recovered": { readonly directory: string };
  /** What happens in sessions cannot be kept for `postmaster explain`. */
  "sessions not kept": { readonly directory: string; readonly error: string };
  /** So many were lost. */
  "sessions kept again": { readonly directory: string; readonly lost: number };
  /** A domain has a policy of MTA-STS, which cannot be had at the moment. */
  "policy not fetched": { readonly domain: string; readonly reason: string };
  "TLS report sent": { readonly domain: string; readonly to: string };
  "TLS report not sent": {
    readonly domain: string;
    readonly to?: string | undefined;
    readonly error: string;
  };
  "DMARC report sent": LogFields["TLS report sent"];
  "DMARC report not sent": LogFields["TLS report not sent"];
  /** Mail of a domain that signs its mail waits because of this, or has left without a signature. */
  "mail not signed": { readonly domain: string; readonly error: string };
  /** The record of a key is in the DNS, so the key signs from now on. */
  "key signs": { readonly domain: string; readonly selector: string };
  /** Another key has taken its place. */
  "key retired": { readonly domain: string; readonly selector: string };
  /** A key signs whose record is not in the DNS, or another one, or the keys cannot be read. */
  "key not published": { readonly name: string; readonly error: string };
  /** What the server has learnt is forgotten at its end. */
  "state not kept": { readonly file: string; readonly error: string };
  delivered: OfDelivery;
  deferred: OfDelivery;
  failed: OfDelivery;
  "copy lost": OfDelivery;
  /** Mail with the null sender has failed, and nobody else is told. */
  "double bounce dropped": OfMessage & {
    readonly recipients: readonly string[];
    readonly reason: string;
  };
  mailer: OfMessage & {
    readonly command: string;
    readonly status: string;
    readonly seconds: number;
    readonly output?: string | undefined;
  };
  "handler broke": OfSession & {
    readonly handler: string;
    readonly event: string;
    readonly error: string;
  };
  /** An error that no code of a handler catches, such as that of a promise that is not awaited. */
  "stray error": { readonly error: string };
  handler: OfSession & { readonly text: string; readonly [field: string]: Field };
  target: OfMessage & {
    readonly target: string;
    readonly text: string;
    readonly [field: string]: Field;
  };
  "handler warns": LogFields["handler"];
}

/** The name of a log event. */
export type LogEvent = keyof LogFields;

/** Where log events go. */
export interface Log {
  /** Writes one event. Never throws. */
  <E extends LogEvent>(event: E, fields: LogFields[E]): void;
  /** Whether this event is logged: asked before its fields are made. */
  wants(event: LogEvent): boolean;
}

/** A log that writes nothing. */
export const silent: Log = Object.assign(() => {}, { wants: () => false });
