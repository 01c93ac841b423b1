/**
 * Messages that handlers send.
 * @module
 */
import type { Mailbox } from "../smtp/mailbox.ts";

/** A message of the server's own, such as one to the postmaster. Its sender is the null path. */
export interface OwnMessage {
  /** Who gets it: its mail goes where the handlers say. */
  readonly to: Mailbox;
  /** One line. */
  readonly subject: string;
  /** The text, with line ends of Unix. */
  readonly text: string;
}

/**
 * Takes a message to be sent.
 *
 * @returns its queue id, once the message is safe
 */
export type Send = (message: OwnMessage) => Promise<string>;
