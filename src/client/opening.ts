/**
 * The beginning of a session: greeting, EHLO, TLS, authentication.
 * @module
 */
import type { WireReply } from "../smtp/reply.ts";
import { TlsFailure, type TlsRequirement } from "../tls/requirement.ts";
import { printed, Refused } from "./fault.ts";
import type { Hop } from "./hop.ts";
import { extensionsIn } from "./peer.ts";
import { ask, hear, isPositive, type Talk } from "./talk.ts";

/** What a session begins with. */
export interface OpeningOptions {
  readonly hop: Hop;
  /** The name that the client gives itself. */
  readonly name: string;
  readonly requirement: TlsRequirement;
}

/** What the server has said of itself. */
export interface Opened {
  readonly greeting: string;
  readonly extensions: ReadonlyMap<string, string>;
}

/**
 * Opens a session, up to the EHLO that counts.
 *
 * @throws {Refused} if the server does not want the client
 * @throws {TlsFailure} if it offers no TLS, and TLS is required
 */
export function* opening({ hop, name, requirement }: OpeningOptions): Talk<Opened> {
  const { scheme, host } = hop;
  if (scheme === "smtps") yield { do: "secure" };
  const greeting = yield* hear("greeting");
  if (!isPositive(greeting)) throw new Refused(`${host} does not want this client`, greeting);
  const opened = (extensions: ReadonlyMap<string, string>) => ({
    greeting: printed(greeting),
    extensions,
  });
  const extensions = yield* greet(hop, name);
  if (scheme === "smtps" || requirement.level === "none") return opened(extensions);
  if (yield* starttls(host, extensions, requirement)) return opened(yield* greet(hop, name));
  return opened(extensions);
}

/** EHLO, or HELO for a server that does not know it (RFC 5321 section 3.2). */
function* greet({ scheme, host }: Hop, name: string): Talk<ReadonlyMap<string, string>> {
  const reply = yield* ask(`${scheme === "lmtp" ? "LHLO" : "EHLO"} ${name}`);
  if (isPositive(reply)) return extensionsIn(reply);
  const helo = reply.code >= 500 && scheme !== "lmtp" ? yield* ask(`HELO ${name}`) : reply;
  if (!isPositive(helo)) throw new Refused(`${host} does not want to be greeted`, helo);
  return new Map();
}

/** Whether the connection is encrypted now. */
function* starttls(
  host: string,
  extensions: ReadonlyMap<string, string>,
  { level }: TlsRequirement,
): Talk<boolean> {
  const reply: WireReply | undefined = extensions.has("STARTTLS")
    ? yield* ask("STARTTLS")
    : undefined;
  if (reply?.code === 220) {
    yield { do: "secure" };
    return true;
  }
  if (level === "may") return false;
  const what = reply === undefined ? "offers no STARTTLS" : `refuses STARTTLS: ${printed(reply)}`;
  throw new TlsFailure("starttls-not-supported", `${host} ${what}`);
}
