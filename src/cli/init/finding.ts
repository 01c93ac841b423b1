/**
 * What was found out, with the reason.
 *
 * @module
 */

/** A value that was found or chosen, and why it is this one, as the end of a sentence. */
export interface Finding<T> {
  readonly value: T;
  readonly why: string;
}
