/**
 * Keeps what happens in one session, part by part.
 * @module
 */
import type { AskedEvent, Recorder } from "../handler/recorder.ts";
import { isPositive } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import { type Part, type PlainAsked, plainClient, type PlainMessage } from "./part.ts";
import { plainEvent, plainReply, plainStep, rounded } from "./plain.ts";
import { addressHashes, hashOf } from "./terms.ts";

/** The most events of a part, and characters of them. Of further ones only the number is kept. */
const MOST = { events: 1000, characters: 512 * 1024 };

/** A part of a session, to be kept. */
export interface WrittenPart {
  /** A {@linkcode Part} as JSON. */
  readonly json: string;
  readonly refused: boolean;
  /** When its session began, and when it ended, in milliseconds since the epoch. */
  readonly begun: number;
  readonly until: number;
  /** The hashes of the terms by which it is found. */
  readonly hashes: readonly number[];
}

/** Keeps one session. */
export class SessionRecorder implements Recorder {
  readonly #session: SessionState;
  readonly #keep: (part: WrittenPart) => void;
  readonly #begun = Date.now();
  readonly #start = performance.now();
  /** The events of the part that is being made, as JSON, with commas between them. */
  #events = "";
  #count = 0;
  #omitted = 0;
  #refused = false;
  #hashes: number[] = [];
  #part = 0;
  #ended = false;

  /** @param keep receives the parts */
  constructor(session: SessionState, keep: (part: WrittenPart) => void) {
    this.#session = session;
    this.#keep = keep;
  }

  asked(asked: AskedEvent): void {
    const { event, reply } = asked;
    if (reply === undefined || !isPositive(reply)) this.#refused = true;
    if (this.#count >= MOST.events || this.#events.length >= MOST.characters) {
      this.#omitted++;
      return;
    }
    if (event.type === "SetMailFrom") {
      this.#hashes.push(
        ...addressHashes("from", event.mailbox === null ? "<>" : String(event.mailbox)),
      );
    }
    if (event.type === "AddRcptTo") {
      this.#hashes.push(...addressHashes("to", String(event.mailbox)));
      for (const { recipient } of reply?.routes ?? []) {
        if (recipient !== event.mailbox) {
          this.#hashes.push(...addressHashes("to", String(recipient)));
        }
      }
    }
    const json = JSON.stringify(this.#plain(asked));
    this.#events = this.#count === 0 ? json : `${this.#events},${json}`;
    this.#count++;
  }

  message(message: PlainMessage): void {
    this.#hashes.push(hashOf("id", message.id));
    this.#end(message);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end(undefined);
  }

  #plain({ event, steps, reply, milliseconds }: AskedEvent): PlainAsked {
    return {
      at: rounded(performance.now() - this.#start),
      took: rounded(milliseconds),
      event: plainEvent(event),
      steps: steps.map((step) => plainStep(step, steps[0]?.event)),
      ...reply !== undefined && reply === steps[0]?.reply
        ? {}
        : { reply: reply === undefined ? null : plainReply(reply) },
    };
  }

  /** Ends a part, with a message or with the session. */
  #end(message: PlainMessage | undefined): void {
    const { id } = this.#session;
    const until = Date.now();
    const client = plainClient(this.#session);
    const head: Omit<Part, "events"> = {
      session: id,
      part: this.#part++,
      begun: this.#begun,
      until,
      ...client,
      refused: this.#refused,
      ...message === undefined ? { last: true } : { message },
      ...this.#omitted === 0 ? {} : { omitted: this.#omitted },
    };
    this.#keep({
      json: `${JSON.stringify(head).slice(0, -1)},"events":[${this.#events}]}`,
      refused: this.#refused,
      begun: this.#begun,
      until,
      hashes: [...this.#hashes, hashOf("id", id), hashOf("client", client.peer.address)],
    });
    this.#events = "";
    this.#hashes = [];
    this.#count = this.#omitted = 0;
    this.#refused = false;
  }
}
