/**
 * What a shadow is told, as far as it can keep up: nothing waits for it, and what waits for it is bounded.
 * @module
 */
import type { Session } from "../handler/session.ts";
import { toPlainText } from "../handler/plain_text.ts";
import { Gathering } from "./frames.ts";
import type { Facts, Told } from "./observed.ts";

/** Octets that wait for the shadow: above the first, new sessions are left out, above the second any. */
const MANY = 4 * 1024 * 1024;
const TOO_MANY = 2 * MANY;
/** Milliseconds for which frames are gathered. */
const PAUSE = 5;

/** Where frames go. */
export interface Outlet {
  /** Resolves once the octets are taken. */
  write(octets: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
}

/** A session that the shadow follows. */
export interface Followed {
  readonly number: number;
  /** What it was told last. */
  facts: Facts | undefined;
  /** It is not followed any longer: something of it could not be told. */
  lost: boolean;
}

/** Tells a shadow of sessions. */
export class Feed {
  readonly #outlet: Outlet;
  readonly #gathering = new Gathering();
  /** By their signals: questions about mail in the queue have the id of the session in which it came. */
  readonly #sessions = new Map<AbortSignal, Followed>();
  #count = 0;
  /** Octets that are being written. */
  #writing = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  #leftOut = 0;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  /** How many sessions the shadow was told of. */
  get told(): number {
    return this.#count;
  }

  /** How many sessions it was not told of since this was last called. */
  takeLeftOut(): number {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }

  /** The session, if the shadow follows it. It follows one from its beginning, or not at all. */
  follow(session: Session, isBeginning: boolean): Followed | undefined {
    const { signal } = session;
    const known = this.#sessions.get(signal);
    if (known !== undefined) return known.lost ? undefined : known;
    const lost = this.#ended || !isBeginning || this.#waiting > MANY;
    const followed: Followed = { number: lost ? -1 : this.#count++, facts: undefined, lost };
    this.#sessions.set(signal, followed);
    signal.addEventListener("abort", () => this.#end(signal, followed), { once: true });
    if (lost) {
      this.#leftOut++;
      return undefined;
    }
    const { id, listener, hostname, localUser } = session;
    const about = { id, listener, hostname, localUser };
    this.tell({ kind: "session", session: followed.number, about });
    return followed;
  }

  /** Tells something of a session. */
  tellOf(followed: Followed, told: Told): void {
    if (followed.lost) return;
    if (this.#waiting > TOO_MANY) this.#lose(followed);
    else this.tell(told);
  }

  /** Tells a piece of the message of a session. */
  piece(followed: Followed, piece: Uint8Array): void {
    if (followed.lost) return;
    if (this.#waiting > TOO_MANY) return this.#lose(followed);
    this.#gathering.piece(followed.number, piece);
    this.#soon();
  }

  tell(told: Told): void {
    if (this.#ended) return;
    this.#gathering.text(toPlainText(told));
    this.#soon();
  }

  /** Tells what waits, and nothing more. */
  close(): void {
    this.#flush();
    this.end();
    this.#outlet.close().catch(() => {});
  }

  /** The shadow is gone. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    for (const followed of this.#sessions.values()) followed.lost = true;
  }

  get #waiting(): number {
    return this.#writing + this.#gathering.length;
  }

  #lose(followed: Followed): void {
    followed.lost = true;
    this.tell({ kind: "end", session: followed.number, lost: true });
  }

  #end(signal: AbortSignal, followed: Followed): void {
    this.#sessions.delete(signal);
    if (!followed.lost) this.tell({ kind: "end", session: followed.number, lost: false });
    followed.lost = true;
  }

  #soon(): void {
    if (this.#timer !== undefined || this.#writing > 0) return;
    this.#timer = setTimeout(() => this.#flush(), PAUSE);
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#ended || this.#gathering.length === 0) return;
    const octets = this.#gathering.take();
    this.#writing = octets.length;
    this.#outlet.write(octets).catch(() => this.end()).finally(() => {
      this.#writing = 0;
      if (!this.#ended && this.#gathering.length > 0) this.#soon();
    });
  }
}
