/**
 * What programs that deliver mail read: the message with Unix line ends, below the fields of its delivery.
 * @module
 */
import { headerField, prepend } from "../message/header.ts";
import { unixLines } from "../message/unix.ts";
import { withoutField } from "../message/without_field.ts";
import type { Envelope, Message } from "./target.ts";
import type { PlaceholderValues } from "./template.ts";

/** A message for a program. */
export interface MailerInput {
  /** Octets of the message as it came. */
  readonly size: number;
  /** Reads it from the start. */
  input(): AsyncIterable<Uint8Array>;
}

/** A message with these fields on top, which have their CRLF. */
export const mailerInput = (message: Message, header: string): MailerInput => ({
  size: message.size,
  input: () => unixLines(prepend(message.read(), header)),
});

/** A message for its final delivery, which removes the trace of another one (RFC 5321 section 4.4). */
export function finalInput(
  message: Message,
  envelope: Envelope,
  recipients: readonly PlaceholderValues[],
): MailerInput {
  const read = () => withoutField(message.read(), "Return-Path");
  return mailerInput({ size: message.size, read }, headerFor(envelope, recipients));
}

/** The trace of final delivery, and the recipient if there is only one. */
function headerFor({ sender }: Envelope, [first, ...others]: readonly PlaceholderValues[]): string {
  const returnPath = headerField("Return-Path", `<${sender ?? ""}>`);
  return first === undefined || others.length > 0
    ? returnPath
    : returnPath + headerField("Delivered-To", first.recipient);
}
