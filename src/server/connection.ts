/**
 * One client's connection: the socket under a dialogue.
 * @module
 */
import type { Duplex } from "node:stream";
import type { LimitName } from "../handler/event.ts";
import { sessionFields } from "../handler/log_fields.ts";
import type { Recorder } from "../handler/recorder.ts";
import type { SessionState } from "../handler/session.ts";
import type { Tls } from "../handler/tls.ts";
import { Dialogue } from "./dialogue.ts";
import type { Engine } from "./engine.ts";
import type { Transport } from "./transport.ts";

/** Milliseconds for a client to read our last words and hang up. */
const LINGER = 2000;

/** A connection, from the moment it is accepted until its socket is closed. */
export class Connection implements Transport {
  /** The socket, or what stands on it since the connection is encrypted. */
  #socket: Duplex;
  readonly #dialogue: Dialogue;
  readonly #engine: ConnectionEngine;
  readonly #session: SessionState;
  readonly #opened = performance.now();
  /** Since when the connection is closed on our side. */
  #closing: number | undefined;
  #reason: string | undefined;
  /** The socket is closed. */
  #gone = false;
  /** What the engine does when something happens at the socket. */
  readonly #heard = {
    data: (chunk: Uint8Array) => this.#dialogue.receive(chunk),
    drain: () => this.#dialogue.sent(),
    end: () => this.#ended(),
    error: (error: NodeJS.ErrnoException) => void (this.#reason ??= reasonOf(error)),
    close: () => this.#closed(),
  };

  constructor(socket: Duplex, session: SessionState, engine: ConnectionEngine) {
    this.#socket = socket;
    this.#session = session;
    this.#engine = engine;
    session.recorder = engine.record?.(session);
    this.#dialogue = new Dialogue(engine, session, this);
    this.#listen();
  }

  start(refuse?: LimitName): void {
    this.#dialogue.start(refuse);
  }

  /** As {@linkcode Connection.start}, over TLS from the first octet (RFC 8314 section 3). */
  startSecurely(refuse?: LimitName): void {
    this.#dialogue.startSecurely(refuse);
  }

  send(replies: string): boolean {
    return this.#gone || this.#socket.write(replies);
  }

  hold(on: boolean): void {
    if (on) this.#socket.pause();
    else this.#socket.resume();
  }

  async secure(words: string): Promise<Tls | undefined> {
    const clear = this.#socket;
    clear.pause();
    for (const name of ["data", "drain", "end"] as const) clear.off(name, this.#heard[name]);
    if (words !== "") await new Promise((written) => clear.write(words, written));
    if (clear.destroyed) return undefined;
    const secured = await this.#engine.secure?.secure(clear).catch((error) => {
      this.#reason ??= reasonOf(error);
    });
    if (secured === undefined || this.#gone) return undefined;
    for (const name of ["error", "close"] as const) clear.off(name, this.#heard[name]);
    clear.on("error", () => {}); // what stands on it says so too
    this.#socket = secured.socket;
    this.#listen();
    return secured.tls;
  }

  recount(): LimitName | undefined {
    return this.#engine.recount(this, this.#session.peer.address);
  }

  close(): void {
    if (this.#gone) return this.#forget();
    this.#reason ??= "closed by us";
    this.#closing = this.#engine.clock.now;
    this.#socket.end();
    this.#socket.resume(); // unread input would turn our last words into a reset
  }

  drop(): void {
    this.#reason ??= "closed by us";
    this.#closing = this.#engine.clock.now;
    this.#socket.destroy();
  }

  /** To be called every now and then: deadlines of the dialogue, and of clients that do not hang up. */
  sweep(): void {
    if (this.#gone || this.#closing === undefined) this.#dialogue.checkDeadlines();
    else if (this.#engine.clock.now - this.#closing > LINGER) this.#socket.destroy();
  }

  /** Asks the session to end: after its transaction, or, `now`, at once. */
  shutDown(now: boolean): void {
    if (now) this.#dialogue.cutShort();
    else this.#dialogue.shutDown();
  }

  #listen(): void {
    for (const [name, heard] of Object.entries(this.#heard)) this.#socket.on(name, heard);
  }

  /** The client sends no more. */
  #ended(): void {
    if (this.#closing !== undefined) return void this.#socket.destroy();
    this.#reason ??= "closed by the client";
    this.#dialogue.end();
  }

  #closed(): void {
    this.#gone = true;
    const { log } = this.#session.context;
    if (log.wants("disconnected")) {
      const seconds = Math.round(performance.now() - this.#opened) / 1000;
      const { messages } = this.#dialogue;
      const reason = this.#reason ?? "closed by the client";
      log("disconnected", { ...sessionFields(this.#session), reason, messages, seconds });
    }
    this.#dialogue.lost();
    if (this.#dialogue.closed) this.#forget();
  }

  /** Nothing is left: the client is gone, and no message of its is being delivered. */
  #forget(): void {
    this.#engine.onClose(this);
  }
}

/** Why a connection broke, for the log. A client that sends nothing and half-closes at once shows as EPIPE. */
function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EPIPE") return "closed by the client";
  if (code === "ECONNRESET") return "reset by the client";
  return message;
}

/** A connection that has been encrypted. */
export interface Secured {
  /** What is read and written in clear from now on. It owns the socket that it stands on, and closes when that does. */
  readonly socket: Duplex;
  readonly tls: Tls;
}

/** What the connections of a server share. */
export interface ConnectionEngine extends Engine {
  readonly onClose: (connection: Connection) => void;
  /** Counts a connection for another client's address. Gives the limit that this would exceed. */
  readonly recount: (connection: Connection, address: string) => LimitName | undefined;
  /** Without it, no connection can be encrypted. */
  readonly secure?: Secure | undefined;
  /** Begins to keep what happens in a session; without it, nobody wants to know. */
  readonly record?: ((session: SessionState) => Recorder) | undefined;
}

/** Encrypts connections. */
export interface Secure {
  /** Whether that is possible by now. */
  readonly ready: boolean;
  /** Encrypts a connection that is paused, and of which nothing is read. Throws if that fails. */
  secure(socket: Duplex): Promise<Secured>;
}
