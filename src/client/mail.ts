/**
 * What a client sends.
 * @module
 */
import type { Message } from "../message/message.ts";
import type { Signer } from "../signing/signer.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Parameters } from "../smtp/parameters.ts";

/** A recipient of a message that is sent. */
export interface MailRecipient {
  readonly mailbox: Mailbox;
  /** The parameters of the RCPT that named it here, of which those go on that the next server knows. */
  readonly parameters: Parameters;
  /** The recipient as it was named here, for ORCPT (RFC 3461); `undefined` if it is the mailbox. */
  readonly original: Mailbox | undefined;
}

/** A message on its way to one server. */
export interface Mail {
  /** `null` is the null path. */
  readonly sender: Mailbox | null;
  /** The parameters of the MAIL by which it came. */
  readonly parameters: Parameters;
  readonly recipients: readonly MailRecipient[];
  readonly message: Message;
  /** Signs the message in the form in which a server takes it; by default it is not signed. */
  readonly signer?: Signer | undefined;
  /** When it was accepted, in milliseconds since the epoch; by default now. */
  readonly accepted?: number | undefined;
}
