/**
 * A server that takes mail from this one.
 * @module
 */
import { isHost } from "../net/address.ts";
import { canonicalName } from "../dns/name.ts";

/** How a server is spoken to: SMTP with STARTTLS, SMTP over TLS from the first octet, or LMTP (RFC 2033). */
export type Scheme = "smtp" | "smtps" | "lmtp";

/** A server that takes mail from this one, before its addresses are looked up. */
export interface Hop {
  readonly scheme: Scheme;
  /** A name, an address, or `unix:` with the path of a socket. */
  readonly host: string;
  /** TCP; of no meaning for a Unix socket. */
  readonly port: number;
  /** The configuration names it, so that its address may be private. */
  readonly isNamed?: boolean | undefined;
  /**
   * Own addresses to connect from, one of each family at most: a family without one is not used. Without any, the
   * system chooses.
   */
  readonly source?: readonly string[] | undefined;
}

/** The ports of servers that are named without one. */
const PORTS: Readonly<Record<Scheme, number>> = { smtp: 25, smtps: 465, lmtp: 24 };

const UNIX = "unix:";

/**
 * The path of a server's Unix socket; `undefined` if it is reached by TCP. A host of the DNS may look so, too: only a
 * server that the operator names is believed.
 */
export const socketPathOf = ({ host }: Pick<Hop, "host">): string | undefined =>
  host.startsWith(UNIX) ? host.slice(UNIX.length) : undefined;

/** `smtp://mx.example.net:25`, and `lmtp:unix:/run/dovecot/lmtp`. */
export const printHop = (hop: Hop): string => {
  const { scheme, host, port } = hop;
  return socketPathOf(hop) !== undefined
    ? `${scheme}:${host}`
    : `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
};

/**
 * Parses `smtp://HOST:PORT`, `smtps://HOST:PORT`, `lmtp://HOST:PORT`, `lmtp:unix:PATH` and `smtp:unix:PATH`; without a
 * port, it is 25, 465 or 24. `unix:PATH` is LMTP.
 *
 * @throws {TypeError} that says what is wrong and how to mend it
 */
export function parseHop(text: string): Hop {
  const [, kind = "lmtp", path] = /^(?:(smtp|lmtp):)?unix:(.*)$/s.exec(text) ?? [];
  if (path !== undefined) {
    if (path.startsWith("/") && !path.includes("\0")) {
      return { scheme: kind as Scheme, host: UNIX + path, port: 0 };
    }
    throw new TypeError(`\`${text}\` needs the full path of a socket: lmtp:unix:/run/dovecot/lmtp`);
  }
  const [, scheme, user, six, name, digits] =
    /^(smtps?|lmtp):\/\/(?:(.*)@)?(?:\[([^\]]*)\]|([^:/?#[\]]*))(?::(\d{1,5}))?\/?$/.exec(text) ??
      [];
  const host = six ?? name ?? "";
  const port = Number(digits ?? PORTS[scheme as Scheme]);
  if (user !== undefined) {
    throw new TypeError(
      `\`${scheme}://${host}\`: its user is no part of the URL: write \`user\` beside it`,
    );
  }
  if (scheme !== undefined && isHost(host) && port > 0 && port < 65_536) {
    return { scheme: scheme as Scheme, host: canonicalName(host), port };
  }
  throw new TypeError(
    `\`${text}\` is no server: write one such as smtp://relay.example.net:587, smtps://HOST, ` +
      "lmtp://HOST:PORT or lmtp:unix:/PATH",
  );
}
