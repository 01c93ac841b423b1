/**
 * One client's connection: the socket under a dialogue.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { LimitName } from "../handler/event.ts";
import { sessionFields } from "../handler/log_fields.ts";
import type { SessionState } from "../handler/session.ts";
import { Dialogue } from "./dialogue.ts";
import type { Engine } from "./engine.ts";
import type { Transport } from "./transport.ts";

/** Milliseconds for a client to read our last words and hang up. */
const LINGER = 2000;

/** A connection, from the moment it is accepted until its socket is closed. */
export class Connection implements Transport {
  readonly #socket: Socket;
  readonly #dialogue: Dialogue;
  readonly #engine: ConnectionEngine;
  readonly #session: SessionState;
  readonly #opened = performance.now();
  /** Since when the connection is closed on our side. */
  #closing: number | undefined;
  #reason: string | undefined;
  /** The socket is closed. */
  #gone = false;

  constructor(socket: Socket, session: SessionState, engine: ConnectionEngine) {
    this.#socket = socket;
    this.#session = session;
    this.#engine = engine;
    this.#dialogue = new Dialogue(engine, session, this);
    socket.on("data", (chunk: Uint8Array) => this.#dialogue.receive(chunk));
    socket.on("drain", () => this.#dialogue.sent());
    socket.on("end", () => this.#ended());
    socket.on("error", (error: NodeJS.ErrnoException) => this.#reason ??= reasonOf(error));
    socket.on("close", () => this.#closed());
  }

  /** The client's address. */
  get address(): string {
    return this.#session.peer.address;
  }

  start(refuse?: LimitName): void {
    this.#dialogue.start(refuse);
  }

  send(replies: string): boolean {
    return this.#gone || this.#socket.write(replies, "latin1");
  }

  hold(on: boolean): void {
    if (on) this.#socket.pause();
    else this.#socket.resume();
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

/** What the connections of a server share. */
export interface ConnectionEngine extends Engine {
  readonly onClose: (connection: Connection) => void;
}
