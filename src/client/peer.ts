/**
 * What is known of a server that a client has greeted.
 * @module
 */
import type { RemoteTls } from "../handler/outcome.ts";
import { upper } from "../smtp/ascii.ts";
import type { WireReply } from "../smtp/reply.ts";

/** The server, as it presents itself. */
export interface Peer {
  /** The name by which it was looked for: `mx.example.net`. */
  readonly host: string;
  readonly address: string;
  /** Its greeting, as one line. */
  readonly greeting: string;
  /** The parameters of each extension that it offers, by keyword in upper case. */
  readonly extensions: ReadonlyMap<string, string>;
  readonly tls: RemoteTls | undefined;
}

/** The extensions in the reply to EHLO (RFC 5321 section 4.1.1.1). */
export function extensionsIn({ lines }: WireReply): ReadonlyMap<string, string> {
  return new Map(
    lines.slice(1).map((line) => {
      const [, keyword = "", parameters = ""] = /^([^ =]*)[ =]*(.*)$/.exec(line.trim()) ?? [];
      return [upper(keyword), parameters];
    }),
  );
}
