/**
 * What filters have said of a message, for other handlers.
 * @module
 */
import { variable } from "postmaster";

/** What one filter says of a message. */
export interface FilterVerdict {
  /** The handler: `rspamd`, `clamav`, `spamassassin` or `mta-hooks`. */
  readonly filter: string;
  /** `failed` if the filter did not work, `unexamined` if the message was too large for it. */
  readonly result: "clean" | "spam" | "virus" | "other" | "failed" | "unexamined";
  /** What the filter wants done, in its own words; of a virus its name. */
  readonly says?: string;
  /** The points of a message that may be spam. */
  readonly score?: number;
  /** The points from which on it is spam. */
  readonly threshold?: number;
  /** The tests that it met. */
  readonly tests?: readonly string[];
}

/**
 * What filters have said of the message of a transaction, the first that was asked first. For handlers further in than
 * the filters, and for those further out once they have the reply.
 */
export const filterVerdicts: ReturnType<
  typeof variable<"transaction", readonly FilterVerdict[]>
> = variable("transaction", "verdicts of filters", (): readonly FilterVerdict[] => []);
