/**
 * What storing a message takes, whatever the mailbox is.
 * @module
 */
import type { PathValues } from "./path.ts";

/** Whose message it is. */
export interface MailValues extends PathValues {
  readonly extension: string;
  /** The sender, for the `From ` line of an mbox. */
  readonly sender: string;
}

/** Stores a message, with Unix line ends, in a mailbox. After that it is on the disk. */
export type Store<Mailbox> = (
  mailbox: Mailbox,
  mail: MailValues,
  message: AsyncIterable<Uint8Array>,
) => Promise<void>;

/** Writes all octets. A disk that is full takes a part of them first. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}
