/**
 * How many jobs a destination may have at once, by how the last ones went. Trouble halves the number. At one job there
 * is a pause, longer each time, and then one job tries whether it works again. One more place comes with each full
 * round of jobs that went well.
 * @module
 */

/** The first pause of a destination in trouble, in milliseconds; each is twice the one before. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 600_000;
/** For so long after its last trouble a destination is remembered. */
const MEMORY = 3_600_000;

export class BackOff {
  readonly #most: number;
  #places: number;
  /** Jobs that went well since the number of places changed. */
  #well = 0;
  #pause = 0;
  #until = -Infinity;
  #trouble = -Infinity;
  /** How often it has backed off: jobs that began before the last time say nothing new. */
  #times = 0;

  /** @param most the jobs that a destination without trouble may have at once */
  constructor(most: number) {
    this.#most = most;
    this.#places = most;
  }

  /** The jobs that it may have at once. */
  get places(): number {
    return this.#places;
  }

  /** No job may begin before this time. */
  get until(): number {
    return this.#until;
  }

  /** What {@linkcode ended} wants to know of a job that begins. */
  get times(): number {
    return this.#times;
  }

  /** Whether it is as if there had never been trouble. */
  isForgotten(now: number): boolean {
    return this.#places === this.#most && this.#until <= now || now > this.#trouble + MEMORY;
  }

  /**
   * A job has ended.
   *
   * @param times {@linkcode times} when the job began
   */
  ended(isFine: boolean, times: number, now: number): void {
    if (isFine) this.#fine();
    else if (times === this.#times) this.#backOff(now);
  }

  #fine(): void {
    this.#pause = 0;
    this.#until = -Infinity;
    if (this.#places === this.#most || ++this.#well < this.#places) return;
    this.#places++;
    this.#well = 0;
  }

  #backOff(now: number): void {
    this.#times++;
    this.#trouble = now;
    this.#well = 0;
    if (this.#places > 1) {
      this.#places = Math.floor(this.#places / 2);
      return;
    }
    this.#pause = Math.min(this.#pause === 0 ? FIRST_PAUSE : 2 * this.#pause, LONGEST_PAUSE);
    this.#until = now + this.#pause;
  }
}
