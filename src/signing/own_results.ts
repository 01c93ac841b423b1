/**
 * What this server has found out about who sent a message, as it has written it on top (RFC 8601).
 * @module
 */
import type { Header } from "../message/fields.ts";
import { lower } from "../smtp/ascii.ts";

/** The results of this server. */
export interface OwnResults {
  /** The value of the field as it was written, folded. */
  readonly raw: string;
  /** The result of the check of the chain of ARC; `undefined` if it was not checked. */
  readonly arc: string | undefined;
}

/**
 * The uppermost results with the name of this server; `undefined` if there are none. Others cannot have written them:
 * such fields are removed when a message arrives.
 *
 * @param authority the name, the `authserv-id`
 */
export function ownResults(header: Header, authority: string): OwnResults | undefined {
  const field = header.all("Authentication-Results").find(({ raw }) =>
    lower(/^\s*"?([^\s";]+)"?\s*(?:1\s*)?;/.exec(raw)?.[1] ?? "") === lower(authority)
  );
  if (field === undefined) return undefined;
  const [, arc] = /;\s*arc\s*=\s*([a-z]+)/i.exec(withoutComments(field.raw)) ?? [];
  return { raw: field.raw, arc: arc && lower(arc) };
}

const withoutComments = (raw: string): string =>
  raw.replace(/"(?:[^"\\]|\\[^])*"/g, "").replace(/\([^()]*\)/g, "");
