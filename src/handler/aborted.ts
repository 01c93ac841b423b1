/**
 * What reading a message throws when it breaks off.
 *
 * @module
 */

/**
 * The message will never be complete: the client went away, broke the framing or a limit. A handler need
 * not catch it: the engine knows already, and the answer to `Deliver` does not matter any more. One that catches it
 * all the same has nothing delivered.
 */
export class MessageAborted extends Error {
  override readonly name = "MessageAborted";
}
