/**
 * What this server has found out about who sent a message, as it has written it on top (RFC 8601).
 * @module
 */
import { readResults } from "../authenticity/read_results.ts";
import { isSameName } from "../dns/name.ts";
import type { Header } from "../message/fields.ts";

/** The results of this server. */
export interface OwnResults {
  /** The value of the field as it was written, folded. */
  readonly raw: string;
  /** The result of the check of the chain of ARC; `undefined` if it was not checked. */
  readonly arc: string | undefined;
}

/**
 * The uppermost results by this server; `undefined` if there are none. Others cannot have written them: such fields are
 * removed when a message arrives.
 *
 * @param authority the server's name in them, the `authserv-id`
 */
export function ownResults(header: Header, authority: string): OwnResults | undefined {
  for (const { raw } of header.all("Authentication-Results")) {
    const read = readResults(raw);
    if (read === undefined || !isSameName(read.id, authority)) continue;
    return { raw, arc: read.results.find(({ method }) => method === "arc")?.result };
  }
  return undefined;
}
