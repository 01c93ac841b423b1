/**
 * The error of reading a message that breaks off.
 * @module
 */

/**
 * The message will never be complete: the client went away, or broke the framing or a limit. Handlers need not catch
 * it: the engine knows, and the reply to `Deliver` does not matter any more. If a handler catches it, nothing is
 * delivered.
 */
export class MessageAborted extends Error {
  override readonly name = "MessageAborted";
}
