/**
 * The beginning of a session: greeting, EHLO, TLS, authentication.
 * @module
 */
import type { WireReply } from "../smtp/reply.ts";
import { TlsFailure, type TlsRequirement } from "../tls/requirement.ts";
import { authentication } from "./authentication.ts";
import { printed, Refused } from "./fault.ts";
import type { Hop } from "./hop.ts";
import { extensionsIn } from "./peer.ts";
import type { Identity } from "./sasl/mechanism.ts";
import { ask, hear, isPositive, type Talk } from "./talk.ts";

/** What a session begins with. */
export interface OpeningOptions {
  readonly hop: Hop;
  /** The name that the client gives itself. */
  readonly name: string;
  readonly requirement: TlsRequirement;
  /** Who the client is there; `undefined` if it does not authenticate. */
  readonly identity?: Identity | undefined;
  /** Whether the connection does not leave the machine. */
  readonly isLocal: boolean;
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
 * @throws {LoginRefused} if it does not let the client in
 * @throws {TlsFailure} if it offers no TLS, and TLS is required
 */
export function* opening(options: OpeningOptions): Talk<Opened> {
  const { hop, name, requirement, identity, isLocal } = options;
  const { scheme, host } = hop;
  if (scheme === "smtps") yield { do: "secure" };
  const greeting = yield* hear("greeting");
  if (!isPositive(greeting)) throw new Refused(`${host} does not want this client`, greeting);
  let extensions = yield* greet(hop, name);
  let isEncrypted = scheme === "smtps";
  if (!isEncrypted && requirement.level !== "none") {
    isEncrypted = yield* starttls(host, extensions, requirement);
    if (isEncrypted) extensions = yield* greet(hop, name);
  }
  if (identity !== undefined) {
    yield* authentication(extensions.get("AUTH") ?? "", identity, isEncrypted || isLocal);
  }
  return { greeting: printed(greeting), extensions };
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
