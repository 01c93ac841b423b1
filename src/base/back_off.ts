/**
 * How many jobs a destination, or an exchanger, may have at once, by how the last ones went. It begins with a few. One
 * more place comes with each full round of jobs that went well. Trouble halves the number, and makes it one if nothing
 * went well before. At one job there is a pause, longer each time, and then one job tries whether it works again.
 * @module
 */

/** The first pause of a destination in trouble, in milliseconds; each is twice the one before. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 600_000;
/** For so long after the last change of its places a destination is remembered. */
const MEMORY = 3_600_000;

export class BackOff {
  #most!: number;
  #initial!: number;
  #places: number;
  #works = false;
  /** Jobs that went well since the number of places changed. */
  #well = 0;
  #pause = 0;
  #until = -Infinity;
  #changed = -Infinity;
  /** How often it has backed off: jobs that began before the last time say nothing new. */
  #times = 0;

  /**
   * @param most the jobs that a destination without trouble may have at once
   * @param initial the jobs that it may have at the beginning, if that is less
   */
  constructor(most: number, initial = most) {
    this.#limit(most, initial);
    this.#places = this.#initial;
  }

  #limit(most: number, initial: number): void {
    this.#most = most;
    this.#initial = Math.min(initial, most);
  }

  /** Other numbers hold from now on. What is known of the destination stays. */
  limit(most: number, initial = most): void {
    const isAtBeginning = this.#places === this.#initial && this.#times === 0;
    this.#limit(most, initial);
    this.#places = isAtBeginning ? this.#initial : Math.min(this.#places, most);
  }

  /** The jobs that it may have at once. */
  get places(): number {
    return this.#places;
  }

  /** Whether a job ever went well. */
  get works(): boolean {
    return this.#works;
  }

  /** No job may begin before this time. */
  get until(): number {
    return this.#until;
  }

  /** The last pause, in milliseconds; 0 if a job went well since. */
  get pause(): number {
    return this.#pause;
  }

  /** What {@linkcode ended} wants to know of a job that begins. */
  get times(): number {
    return this.#times;
  }

  /** Whether it is as if there had never been a job. */
  isForgotten(now: number): boolean {
    return this.#places === this.#initial && this.#until <= now || now > this.#changed + MEMORY;
  }

  /**
   * A job has ended.
   *
   * @param times {@linkcode times} when the job began
   */
  ended(isFine: boolean, times: number, now: number): void {
    if (isFine) this.#fine(now);
    else if (times === this.#times) this.#backOff(now);
  }

  #fine(now: number): void {
    this.#works = true;
    this.#pause = 0;
    this.#until = -Infinity;
    if (this.#places === this.#most || ++this.#well < this.#places) return;
    this.#changed = now;
    this.#places++;
    this.#well = 0;
  }

  #backOff(now: number): void {
    this.#times++;
    this.#changed = now;
    this.#well = 0;
    if (this.#places > 1 && this.#works) {
      this.#places = Math.floor(this.#places / 2);
      return;
    }
    this.#places = 1;
    this.#pause = Math.min(this.#pause === 0 ? FIRST_PAUSE : 2 * this.#pause, LONGEST_PAUSE);
    this.#until = now + this.#pause;
  }
}
