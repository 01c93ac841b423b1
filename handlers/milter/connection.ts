/**
 * A connection to a milter, with its deadlines.
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { FilterFault } from "../filters/failure.ts";
import type { FilterAddress } from "../filters/address.ts";
import { COMMAND, type Packet, packet, PacketReader } from "./protocol.ts";
import { OFFER, readTerms, type Terms } from "./terms.ts";

/** Deadlines, in milliseconds. */
export interface MilterTimeouts {
  /** Until the milter has taken the connection and said what it wants. */
  readonly connect: number;
  /** Until the milter takes what is sent to it. */
  readonly send: number;
  /** For an answer. */
  readonly reply: number;
  /** For the answer to the end of a message; each sign of work begins it anew. */
  readonly endOfMessage: number;
}

/** Octets that are sent at once. */
const ENOUGH = 32 * 1024;
/** Octets that may wait for the milter to take them. */
const MOST_UNSENT = 256 * 1024;
/** Octets of answers that may wait here. */
const MOST_UNREAD = 256 * 1024;
/** Milliseconds until a connection that was said goodbye to is closed whatever happens. */
const PATIENCE = 1000;

/** Somebody waits for the milter: it has answered, or has taken what was sent. */
interface Waiting {
  readonly for: "connection" | "answer" | "room";
  readonly promise: PromiseWithResolvers<void>;
}

/** One connection. Only one answer is waited for at a time; a milter that speaks unasked has broken it. */
export class MilterConnection {
  readonly #socket: Socket;
  readonly #timeouts: MilterTimeouts;
  readonly #reader = new PacketReader();
  #fault: FilterFault | undefined;
  #waiting: Waiting | undefined;
  #isAsked = false;
  #unsent: Uint8Array[] = [];
  #unsentOctets = 0;
  #terms: Terms | undefined;

  private constructor(address: FilterAddress, timeouts: MilterTimeouts) {
    this.#timeouts = timeouts;
    this.#socket = connect({ ...address } as NetConnectOpts);
    this.#socket.setNoDelay(true);
    this.#socket.on("connect", () => this.#wake("connection"));
    this.#socket.on("drain", () => this.#wake("room"));
    this.#socket.on("data", (octets: Uint8Array) => this.#take(octets));
    this.#socket.on("error", (error) => this.#fail(`the connection failed: ${error.message}`));
    this.#socket.on("close", () => this.#fail("it has closed the connection"));
  }

  /**
   * Connects, and agrees on how to work together.
   *
   * @throws {FilterFault} if the milter cannot be reached, or is none
   */
  static async open(
    address: FilterAddress,
    timeouts: MilterTimeouts,
    signal: AbortSignal,
  ): Promise<MilterConnection> {
    const connection = new MilterConnection(address, timeouts);
    const leave = () => connection.close();
    signal.addEventListener("abort", leave);
    const end = performance.now() + timeouts.connect;
    try {
      signal.throwIfAborted();
      await connection.#wait("connection", timeouts.connect, "it does not take a connection");
      await connection.ask([OFFER], (answer) => {
        connection.#terms = readTerms(answer);
        return true;
      }, Math.max(1, end - performance.now()));
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** What the milter wants. */
  get terms(): Terms {
    return this.#terms!;
  }

  /** Neither end has closed it. */
  get isOpen(): boolean {
    return this.#fault === undefined;
  }

  /** It has been asked, and has not answered. */
  get isBusy(): boolean {
    return this.#isAsked;
  }

  /**
   * Sends packets to which there is no answer. Small ones wait for the next question.
   *
   * @throws {FilterFault}
   */
  async send(packets: readonly Uint8Array[]): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    for (const one of packets) {
      this.#unsent.push(one);
      this.#unsentOctets += one.length;
    }
    if (this.#unsentOctets < ENOUGH) return;
    this.flush();
    if (this.#socket.writableLength <= MOST_UNSENT) return;
    await this.#wait("room", this.#timeouts.send, "it does not take what is sent to it");
  }

  /**
   * Sends packets, and calls `take` with each answer until that returns true.
   *
   * @param patience milliseconds for each answer
   * @throws {FilterFault} also what `take` throws, which ends the connection
   */
  async ask(
    packets: readonly Uint8Array[],
    take: (answer: Packet) => boolean | Promise<boolean>,
    patience: number = this.#timeouts.reply,
  ): Promise<void> {
    // What came before its question would be taken for the answer to another one.
    if (this.#reader.waiting > 0) this.destroy("it spoke before it was asked");
    if (this.#isAsked) this.destroy("nobody waits for its answer any more");
    this.#isAsked = true;
    try {
      await this.send(packets);
      this.flush();
      while (!await take(await this.#next(patience)));
    } catch (error) {
      this.destroy((error as Error).message);
      throw error;
    } finally {
      this.#isAsked = false;
    }
  }

  /** Says goodbye and closes. */
  close(): void {
    if (!this.isOpen) return;
    if (this.isBusy || this.#waiting !== undefined) return this.destroy();
    const socket = this.#socket;
    socket.write(Buffer.concat([...this.#unsent, packet(COMMAND.quit)]), () => socket.destroy());
    const timer = setTimeout(() => socket.destroy(), PATIENCE);
    socket.on("close", () => clearTimeout(timer));
    this.#fail("the connection was ended");
  }

  /** Closes at once, for the reason that is given. */
  destroy(reason = "the connection was ended"): void {
    this.#fail(reason);
    this.#socket.destroy();
  }

  /** Sends what waits. */
  flush(): void {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#unsent.length > 0) this.#socket.write(Buffer.concat(this.#unsent));
    this.#unsent = [];
    this.#unsentOctets = 0;
  }

  async #next(patience: number): Promise<Packet> {
    const seconds = Math.round(patience / 1000);
    const end = performance.now() + patience;
    while (true) {
      const next = this.#reader.next(); // an answer that came before the connection broke counts
      if (next !== undefined) return next;
      this.#socket.resume();
      await this.#wait(
        "answer",
        Math.max(1, end - performance.now()),
        `it does not answer within ${seconds} s`,
      );
    }
  }

  #take(octets: Uint8Array): void {
    this.#reader.add(octets);
    if (!this.#isAsked) return this.destroy("it spoke before it was asked");
    if (this.#reader.waiting > MOST_UNREAD) this.#socket.pause();
    this.#wake("answer");
  }

  async #wait(what: Waiting["for"], patience: number, complaint: string): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    const promise = Promise.withResolvers<void>();
    this.#waiting = { for: what, promise };
    const timer = setTimeout(() => this.destroy(complaint), patience);
    try {
      await promise.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  #wake(what: Waiting["for"]): void {
    if (this.#waiting?.for === what) this.#waiting.promise.resolve();
  }

  #fail(reason: string): void {
    this.#fault ??= new FilterFault(reason);
    this.#waiting?.promise.reject(this.#fault);
  }
}
