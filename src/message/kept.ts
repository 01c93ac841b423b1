/**
 * A message that has been read whole.
 * @module
 */

/** A message that is kept, in memory or in a file without a name. */
export interface KeptMessage {
  /** Octets. */
  readonly size: number;
  /** Reads it from the beginning, as often as one likes. */
  read(): AsyncIterable<Uint8Array>;
  /** Gives back what it occupies. */
  dispose(): Promise<void>;
}

/** Reads a message to its end and keeps it. What reading throws leaves nothing behind. */
export type Keep = (body: AsyncIterable<Uint8Array>) => Promise<KeptMessage>;
