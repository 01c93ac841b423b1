/**
 * Keeps what happens in one session, part by part.
 * @module
 */
import type { AskedEvent, Recorder } from "../handler/recorder.ts";
import { isPositive, type Route } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import type { Step } from "../handler/supervisor.ts";
import { type Part, plainClient, type PlainMessage, type PlainQueued } from "./part.ts";
import { microseconds, plainEvent, plainReply, stepAsJson, withParameters } from "./plain.ts";
import { addAddress, hashOf } from "./terms.ts";

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

/** Whether handlers have only passed an event on to the core. */
const isPassedOn = ({ handler, event, passed, inner }: Step): boolean =>
  handler === "core" || passed.length === 1 && passed[0] === event && inner.every(isPassedOn);

/** Keeps one session, or what the queue asks, unless nobody has an opinion of it. */
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
  #queued: PlainQueued | undefined;
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
      const sender = event.mailbox === null ? "<>" : String(event.mailbox);
      addAddress(this.#hashes, "from", sender);
    }
    if (event.type === "AddRcptTo") {
      addAddress(this.#hashes, "to", String(event.mailbox));
      for (const { recipient } of reply?.routes ?? []) {
        if (recipient !== event.mailbox) {
          addAddress(this.#hashes, "to", String(recipient));
        }
      }
    }
    if ("route" in event) {
      if (asked.steps.every(isPassedOn)) return void (this.#ended = true); // there are many
      this.#ofDelivery(event.route);
    }
    const json = this.#asJson(asked);
    this.#events = this.#count === 0 ? json : `${this.#events},${json}`;
    this.#count++;
  }

  /** The queue asks: nobody has named the message and its sender by commands. */
  #ofDelivery({ recipient, original = recipient }: Route): void {
    const { id, mailFrom, parameters } = this.#session.transaction!;
    const sender = mailFrom && String(mailFrom);
    this.#queued = { id, mailFrom: sender, ...withParameters(parameters) };
    this.#hashes.push(hashOf("id", id));
    addAddress(this.#hashes, "from", sender ?? "<>");
    addAddress(this.#hashes, "to", String(recipient));
    if (!original.equals(recipient)) addAddress(this.#hashes, "to", String(original));
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

  /** A {@linkcode PlainAsked} as JSON. */
  #asJson({ event, steps, reply, milliseconds }: AskedEvent): string {
    const at = microseconds(performance.now() - this.#start);
    const took = microseconds(milliseconds);
    const first = steps[0];
    const tree = steps.map((step) => stepAsJson(step, first?.event)).join();
    const isTheirs = reply !== undefined && reply === first?.reply;
    const own = reply === undefined ? null : plainReply(reply);
    const end = isTheirs ? "" : `,"reply":${JSON.stringify(own)}`;
    return `{"at":${at},"took":${took},"event":${
      JSON.stringify(plainEvent(event))
    },"steps":[${tree}]${end}}`;
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
      ...this.#queued === undefined ? {} : { queued: this.#queued },
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
