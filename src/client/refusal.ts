/**
 * What a message needs and a server does not offer.
 * @module
 */
import type { Outcome, RefusalKind } from "../handler/outcome.ts";

/** The mail fails, because the server cannot take it as it is. */
export const cannotTake = (
  status: `5.${number}.${number}`,
  reason: string,
  kind: RefusalKind = "protocol",
): Outcome => ({ result: "failed", status, reason, kind });
