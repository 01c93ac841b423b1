/**
 * A connection to a server: does what conversations want done.
 * @module
 */
import type { Socket } from "node:net";
import type { Message } from "../message/message.ts";
import { encode } from "../smtp/ascii.ts";
import type { WireReply } from "../smtp/reply.ts";
import { stuffed } from "../smtp/stuffing.ts";
import { TlsFailure } from "../tls/requirement.ts";
import { ConnectionLost, ProtocolFault, Refused } from "./fault.ts";
import { Replies } from "./replies.ts";
import type { Step, Talk } from "./talk.ts";
import type { Timeouts } from "./timeouts.ts";
import { chunked } from "./chunked.ts";

/** What a line needs besides its socket. */
export interface LineOptions {
  readonly socket: Socket;
  readonly timeouts: Timeouts;
  /** Negotiates TLS on the socket, and gives the one to go on with. */
  readonly secure: (socket: Socket) => Promise<Socket>;
}

/** One connection. One conversation at a time. */
export class Line {
  readonly #options: LineOptions;
  #socket: Socket;
  #replies = new Replies();
  /** What is to be sent with the next step. */
  #unsent = "";
  #fault: Error | undefined;
  #wake: (() => void) | undefined;
  #deadline = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerEnds = Infinity;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#listen(true);
  }

  /** Whether the connection stands, and the server has said nothing that it was not asked. */
  get isQuiet(): boolean {
    return this.#fault === undefined && this.#replies.isEmpty;
  }

  /** Has a conversation. Rejects with what it throws; the connection is of no use any more then. */
  async run<T>(talk: Talk<T>, signal: AbortSignal): Promise<T> {
    const stop = () => this.#fail(new ConnectionLost("the delivery was interrupted"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    try {
      let next = talk.next();
      while (!next.done) next = await this.#step(next.value, talk);
      await this.#flush();
      return next.value;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#fail(new ConnectionLost("the connection was ended"));
    this.#socket.destroy();
  }

  /** What a step gives to the conversation, or throws into it. */
  async #step<T>(step: Step, talk: Talk<T>): Promise<IteratorResult<Step, T>> {
    let reply: WireReply | undefined;
    try {
      if (step.do === "write") this.#unsent += step.text;
      else if (step.do === "read") reply = await this.#read(step.wait);
      else if (step.do === "wait") await step.for();
      else if (step.do === "secure") await this.#secure();
      else if (step.do === "dots") await this.#send(stuffed(step.message.read()));
      else await this.#sendChunks(step.message);
    } catch (error) {
      return talk.throw(error);
    }
    return talk.next(reply);
  }

  async #read(wait: keyof Timeouts): Promise<WireReply> {
    await this.#flush();
    const end = this.#endOf(wait);
    for (;;) {
      const reply = this.#replies.take();
      if (reply !== undefined) return reply;
      await this.#event(end);
    }
  }

  #endOf(wait: keyof Timeouts): number {
    return performance.now() + this.#options.timeouts[wait];
  }

  /** Sends the commands that wait. An answer to what was not asked yet would be taken for theirs. */
  async #flush(): Promise<void> {
    if (this.#unsent === "") return;
    const text = this.#unsent;
    this.#unsent = "";
    if (!this.#replies.isEmpty) throw new ProtocolFault("it answered before it was asked");
    await this.#write(encode(text));
  }

  /** Sends a message. What the server says before the end of the message can only be a refusal. */
  async #send(octets: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of octets) {
      await this.#refuseEarly();
      await this.#write(chunk);
    }
  }

  async #refuseEarly(): Promise<void> {
    if (this.#replies.isEmpty) return;
    const reply = await this.#read("dataBlock");
    if (reply.code < 400) throw new ProtocolFault("it answered before the message had ended");
    throw new Refused("it refuses the message before its end", reply);
  }

  async #sendChunks(message: Message): Promise<void> {
    await this.#flush();
    for await (const { octets, isLast } of chunked(message.read())) {
      await this.#refuseEarly();
      await this.#write(encode(`BDAT ${octets.length}${isLast ? " LAST" : ""}\r\n`));
      await this.#write(octets);
      if (isLast) return;
      const reply = await this.#read("dataBlock");
      if (reply.code >= 400) throw new Refused("it refuses a part of the message", reply);
      if (reply.code !== 250) throw new ProtocolFault(`it answers ${reply.code} to BDAT`);
    }
  }

  async #write(octets: Uint8Array): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#socket.write(octets)) return;
    const socket = this.#socket;
    const wake = () => this.#wake?.();
    const end = this.#endOf("dataBlock");
    socket.once("drain", wake);
    try {
      while (socket.writableNeedDrain) await this.#event(end);
    } finally {
      socket.off("drain", wake);
    }
  }

  /** Waits until something happens, which may be the end. A server that says a little at a time wins no time. */
  async #event(end: number): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#deadline = end;
    this.#arm();
    await promise;
    this.#wake = undefined;
    this.#deadline = Infinity;
    if (this.#fault !== undefined && this.#replies.isEmpty) throw this.#fault;
  }

  /** One timer for all waits: it looks again when the wait that it was set for is over. */
  #arm(): void {
    if (this.#timerEnds <= this.#deadline) return;
    clearTimeout(this.#timer);
    this.#timerEnds = this.#deadline;
    this.#timer = setTimeout(() => {
      this.#timerEnds = Infinity;
      if (this.#deadline === Infinity) return;
      if (performance.now() < this.#deadline) this.#arm();
      else this.#fail(new ConnectionLost("it did not answer in time"));
    }, this.#deadline - performance.now());
  }

  async #secure(): Promise<void> {
    await this.#flush();
    if (!this.#replies.isEmpty) {
      throw new TlsFailure("validation-failure", "it spoke in clear text after it agreed to TLS");
    }
    this.#listen(false);
    const timer = setTimeout(
      () => this.#socket.destroy(),
      this.#options.timeouts.command,
    );
    try {
      this.#socket = await this.#options.secure(this.#socket);
    } finally {
      clearTimeout(timer);
    }
    this.#listen(true);
  }

  readonly #onData = (chunk: Uint8Array): void => {
    try {
      this.#replies.add(chunk);
    } catch (error) {
      this.#fail(error as Error);
      this.#socket.destroy();
    }
    this.#wake?.();
  };
  readonly #onEnd = (): void => this.#fail(new ConnectionLost("it closed the connection"));
  readonly #onError = (error: Error): void =>
    this.#fail(new ConnectionLost(`the connection was lost: ${error.message}`));

  #listen(isOn: boolean): void {
    const change = isOn ? "on" : "off";
    this.#socket[change]("data", this.#onData);
    this.#socket[change]("end", this.#onEnd);
    this.#socket[change]("close", this.#onEnd);
    if (isOn) this.#socket.on("error", this.#onError);
  }

  #fail(fault: Error): void {
    this.#fault ??= fault;
    clearTimeout(this.#timer);
    this.#wake?.();
  }
}
