/**
 * Why a mailbox did not take a message.
 * @module
 */
import { messageOf } from "../../base/message_of.ts";
import type { Outcome } from "../target.ts";

type Status = `${4 | 5}.${number}.${number}`;

/** What keeps a mailbox from taking a message. The message of the error is for the log. */
export class MailboxFault extends Error {
  override readonly name = "MailboxFault";
  /** The enhanced status code (RFC 3463). */
  readonly status: Status;
  /** What the client may read. */
  readonly reason: string;

  constructor(status: Status, reason: string, cause = reason) {
    super(cause);
    this.status = status;
    this.reason = reason;
  }
}

/** What the errors of a file system mean. */
const ERRORS: Readonly<Record<string, readonly [Status, string]>> = {
  ENOSPC: ["4.3.1", "no room on the disk"],
  EDQUOT: ["4.2.2", "mailbox full"],
  ENOENT: ["4.2.0", "mailbox cannot be opened"],
  ENOTDIR: ["4.2.0", "mailbox cannot be opened"],
  EACCES: ["4.2.0", "mailbox cannot be opened"],
  EPERM: ["4.2.0", "mailbox cannot be opened"],
  EROFS: ["4.2.0", "mailbox cannot be opened"],
};

/** Any error as a fault of a mailbox. */
export function faultOf(error: unknown): MailboxFault {
  if (error instanceof MailboxFault) return error;
  const [status, reason] = ERRORS[(error as { code?: string }).code ?? ""] ??
    ["4.3.0", "local delivery failed"];
  return new MailboxFault(status, reason, messageOf(error));
}

/** The outcome for the recipient whose mailbox has a fault. */
export const outcomeOf = (kind: string, { status, reason, message }: MailboxFault): Outcome => ({
  result: status.startsWith("4") ? "deferred" : "failed",
  status,
  reason: `${kind}: ${reason}`,
  ...(message === reason ? {} : { cause: message }),
});
