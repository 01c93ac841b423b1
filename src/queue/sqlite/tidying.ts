/**
 * When the queue's files are tidied: after so many octets, and seldom enough.
 * @module
 */

/** After about so many octets in the log. */
const OCTETS = 8 * 1024 * 1024;
/** Milliseconds until then, until it is done after less, and between two parts of one job. */
const SOON = 100, LATER = 10_000, BREATH = 10;

/** Runs a job now and then. */
export class Tidying {
  /** Returns whether there is more to be done. */
  readonly #run: () => Promise<boolean>;
  #octets = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer goes off. */
  #at = Infinity;
  #running: Promise<void> | undefined;
  #isRunning = false;
  #stopped = false;

  constructor(run: () => Promise<boolean>) {
    this.#run = run;
  }

  /** So many octets were written. */
  wrote(octets: number): void {
    this.#octets += octets;
    this.#after(this.#octets >= OCTETS ? SOON : LATER);
  }

  /** Returns when what runs has ended; nothing more begins. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #after(pause: number): void {
    const at = performance.now() + pause;
    if (this.#stopped || this.#isRunning || this.#at <= at) return;
    this.#at = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void (this.#running = this.#tidy()), pause);
  }

  /** What fails is done the next time. */
  async #tidy(): Promise<void> {
    this.#octets = 0;
    this.#isRunning = true;
    const isMore = await this.#run().catch(() => false);
    this.#isRunning = false;
    this.#at = Infinity;
    if (isMore) this.#after(BREATH);
    else if (this.#octets > 0) this.#after(this.#octets >= OCTETS ? SOON : LATER);
  }
}
