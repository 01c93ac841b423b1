/**
 * One message while it comes in: taken out of what the client sends, its header one, counted, watched for what breaks the
 * rules.
 * @module
 */
import { MessageAborted } from "../handler/aborted.ts";
import type { Event, EventOf } from "../handler/event.ts";
import type { Reply, Route } from "../handler/reply.ts";
import { HeaderGuard } from "../message/header_guard.ts";
import type { BodyDecoder } from "../smtp/body_decoder.ts";
import type { Chunk } from "../smtp/chunk.ts";
import type { Engine } from "./engine.ts";
import { Inflow } from "./inflow.ts";
import type { Limits } from "./limits.ts";

/** Bytes from the wire in; the body for the `Deliver` event out. */
export class Incoming {
  readonly body: Inflow;
  readonly #decoder: BodyDecoder;
  readonly #guard = new HeaderGuard();
  readonly #limits: Limits;
  readonly #abort = new AbortController();
  /** When it began. */
  readonly since: number;
  /** Octets of the message so far, as the client has sent them. */
  size = 0;
  /** The chunk that is coming, or has come last. */
  chunk: Chunk | undefined;
  /** The answer to `Deliver`, which may come before the end of the message, and the handler that refuses it. */
  answer: { readonly reply: Reply; readonly refuser: string } | undefined;

  /** @param drained called when the socket, held because the body was `full`, may go on */
  constructor(
    { limits, memory, clock }: Pick<Engine, "limits" | "memory" | "clock">,
    decoder: BodyDecoder,
    drained: () => void,
  ) {
    this.#limits = limits;
    this.#decoder = decoder;
    this.since = clock.now;
    this.body = new Inflow(memory, drained);
  }

  /** Its end has come. */
  get ended(): boolean {
    return this.#decoder.ended;
  }

  /** Its end has not come, and a command comes next. */
  get paused(): boolean {
    return this.#decoder.paused;
  }

  /** The next chunk begins. */
  begin(chunk: Chunk): void {
    this.chunk = chunk;
    this.#decoder.begin?.(chunk);
  }

  /** The event for this message. */
  event(routes: readonly Route[]): EventOf<"Deliver"> {
    return { type: "Deliver", body: this.body, routes, signal: this.#abort.signal };
  }

  /** Takes what belongs to the message and returns the number of octets that did. */
  take(chunk: Uint8Array): number {
    const push = (octets: Uint8Array) => this.body.push(octets);
    const used = this.#decoder.decode(chunk, (run) => {
      this.size += run.length;
      if (this.body.wanted) this.#guard.take(run, push);
    });
    if (this.fault !== undefined) this.fail("it breaks the rules");
    else if (this.ended) {
      this.#guard.end(push);
      this.body.end();
    }
    return used;
  }

  /** Nobody will read it to its end: it will never be complete, or it was answered before. */
  fail(reason: string): void {
    if (this.body.over) return;
    const aborted = new MessageAborted(reason);
    this.body.fail(aborted);
    this.#abort.abort(aborted);
  }

  /** Nobody waits for its delivery any more. */
  drop(reason: string): void {
    this.fail(reason);
    this.#abort.abort(new MessageAborted(reason)); // a second time changes nothing
  }

  /** The event for a message that breaks a rule, once it has been read to its end. */
  get fault(): Event | undefined {
    const { malformed, longest } = this.#decoder;
    if (malformed !== undefined) {
      const reason = malformed === "NUL"
        ? "NUL in the message: no line may have one"
        : `${malformed} in the message: lines end with CRLF`;
      return {
        type: "SyntaxErrorIn",
        command: this.#decoder.verb,
        fault: { code: 554, enhanced: "5.6.0", reason },
      };
    }
    if (this.size > this.#limits.messageSize) {
      return { type: "LimitExceeded", limit: "message-size" };
    }
    const { textLine } = this.#limits;
    return textLine !== undefined && longest > textLine
      ? { type: "LimitExceeded", limit: "text-line" }
      : undefined;
  }
}
