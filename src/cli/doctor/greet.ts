/**
 * A session with a server: connects, greets, and looks at what the server presents.
 * @module
 */
import type { NetConnectOpts } from "node:net";
import { isLocal } from "../../base/ip.ts";
import { connectToFirst } from "../../client/eyeballs.ts";
import { DialFailure } from "../../client/dial.ts";
import type { Hop, Scheme } from "../../client/hop.ts";
import { Line } from "../../client/line.ts";
import { type Opened, opening } from "../../client/opening.ts";
import { TIMEOUTS } from "../../client/timeouts.ts";
import type { Settings } from "../../config/mod.ts";
import type { ListenAddress, ListenerKind } from "../../net/address.ts";
import { ask } from "../../client/talk.ts";
import { type Certificate, readCertificate } from "../../tls/certificate.ts";
import { secure } from "../../tls/client.ts";

/** Milliseconds for a connection, and for a greeting or a reply: servers may hold them back against spam. */
const PATIENCE = { connect: 10_000, greeting: 25_000, command: 20_000 } as const;

const TIMES = { ...TIMEOUTS, ...PATIENCE, mail: 20_000, rcpt: 20_000, quit: 1000 };

/** A listener of the configuration. */
export type Listener = Settings["listen"][number];

/** What a server has said of itself. */
export interface Greeted extends Opened {
  /** Its certificate; `undefined` in clear text. */
  readonly certificate: Certificate | undefined;
}

/** Where a server is, and how it is spoken to. */
export interface Destination {
  readonly scheme: Scheme;
  /** A name, or an address. */
  readonly host: string;
  readonly to: NetConnectOpts;
  /** Whether STARTTLS is used where it is offered. */
  readonly tls: boolean;
}

/**
 * Has a session, which is over when `use` returns.
 *
 * @param name what the client calls itself
 * @throws {DialFailure} {@linkcode TlsFailure} {@linkcode ClientFault}
 */
export async function withSession<T>(
  destination: Destination,
  name: string,
  signal: AbortSignal,
  use: (greeted: Greeted, line: Line) => Promise<T>,
): Promise<T> {
  const { scheme, host, to, tls } = destination;
  const address = "path" in to ? to.path : to.host ?? "";
  const connected = await connectToFirst([{ address, to }], { timeout: PATIENCE.connect, signal });
  if (!("socket" in connected)) throw new DialFailure(connected.failures.join(", "));
  let certificate: Certificate | undefined;
  const requirement = { level: tls ? "may" as const : "none" as const };
  const line = new Line({
    socket: connected.socket,
    timeouts: TIMES,
    secure: async (socket) => {
      const secured = await secure(socket, { host, requirement, signal });
      const { raw } = secured.socket.getPeerCertificate(true);
      certificate = readCertificate(raw);
      return secured.socket;
    },
  });
  try {
    const hop: Hop = { scheme, host, port: 0 };
    const opened = await line.run(
      opening({ hop, name, requirement, isLocal: isLocal(address) }),
      signal,
    );
    const result = await use({ ...opened, certificate }, line);
    await line.run(ask("QUIT", "quit"), signal).catch(() => {});
    return result;
  } finally {
    line.destroy();
  }
}

/** Greets a server and leaves. */
export const greet = (
  destination: Destination,
  name: string,
  signal: AbortSignal,
): Promise<Greeted> =>
  withSession(destination, name, signal, (greeted) => Promise.resolve(greeted));

/** Greets this server itself at a listener. */
export const greetListener = (
  listener: Listener,
  hostname: string,
  signal: AbortSignal,
): Promise<Greeted> => greet(destinationAt(listener, hostname)!, hostname, signal);

const SCHEMES: Readonly<Record<ListenerKind, Scheme>> = {
  ...{ smtp: "smtp", submission: "smtp", submissions: "smtps", lmtp: "lmtp" },
};

/** How to come to a listener from this machine; `undefined` if that is not known. */
export function destinationAt(
  { address, kind }: Listener,
  hostname: string,
): Destination | undefined {
  const to = reachable(address);
  return to && { scheme: SCHEMES[kind], host: hostname, to, tls: true };
}

function reachable(address: ListenAddress): NetConnectOpts | undefined {
  if (address.transport === "unix") return { path: address.path };
  if (address.transport === "fd" || address.port === 0) return undefined;
  const { hostname: host, port } = address;
  return { host: HERE[host] ?? host, port };
}

/** What stands for all addresses of the machine is reached by one of them. */
const HERE: Readonly<Record<string, string>> = { "::": "127.0.0.1", "0.0.0.0": "127.0.0.1" };
