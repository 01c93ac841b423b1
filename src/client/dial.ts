/**
 * Connects to a server: looks its addresses up, refuses those that are not allowed, and tries them.
 * @module
 */
import type { Socket } from "node:net";
import { isIpv6, type Network } from "../base/ip.ts";
import { shuffled } from "../base/shuffled.ts";
import type { Resolver } from "../dns/resolver.ts";
import { whyNotPublic } from "../net/public_address.ts";
import { addressesOf } from "./addresses.ts";
import { DialFailure } from "./dial_failure.ts";
import { type Candidate, connectToFirst, interleaved } from "./eyeballs.ts";
import { type Hop, socketPathOf } from "./hop.ts";

export { DialFailure } from "./dial_failure.ts";

/** A connection before the first word. */
export interface Dialled {
  readonly socket: Socket;
  /** The server's address; the path of a Unix socket. */
  readonly address: string;
}

/** Connects. Rejects with a {@linkcode DialFailure}. */
export type Dial = (hop: Hop, signal: AbortSignal) => Promise<Dialled>;

/** How connections are made. */
export interface DialOptions {
  readonly dns: Resolver;
  /** Networks whose addresses an exchanger may have although they are not public. */
  readonly allow?: readonly Network[];
  /** Whether this server itself listens there. */
  readonly isOwn: (address: string, port: number) => boolean;
  /** Milliseconds for each address. */
  readonly timeout: number;
  /** A number from 0 to 1, for the order of addresses. */
  readonly random?: () => number;
}

/** The most addresses of one server that are tried. */
const MOST = 8;

/**
 * Makes connections. A server that the configuration names may have any address; another one only those that are
 * public or allowed, and none at which this server itself listens. The address that is connected to is judged.
 */
export function dialler(options: DialOptions): Dial {
  const { timeout, random = Math.random } = options;
  return async (hop, signal) => {
    const path = socketPathOf(hop);
    if (path !== undefined && !hop.isNamed) {
      throw new DialFailure(
        `no mail is sent to ${hop.host}, which the configuration does not name`,
      );
    }
    const candidates = path === undefined
      ? interleaved(shuffled(await permitted(hop, options), random))
        .slice(0, MOST).map((address) => candidateFor(hop, address))
      : [{ address: path, to: { path } }];
    const connected = await connectToFirst(candidates, { timeout, signal });
    if ("socket" in connected) return connected;
    throw new DialFailure(`no connection to ${nameOf(hop)}: ${connected.failures.join(", ")}`);
  };
}

/** An address of a server, and why it may not be connected to; `undefined` if it may. */
export interface JudgedAddress {
  readonly address: string;
  readonly refused: string | undefined;
}

/** Looks the addresses of a server up, and judges each. Throws a {@linkcode DialFailure} if there are none. */
export async function judgedAddresses(
  hop: Hop,
  { dns, allow, isOwn }: Pick<DialOptions, "dns" | "allow" | "isOwn">,
): Promise<readonly JudgedAddress[]> {
  return (await addressesOf(hop, dns)).map((address) => {
    if (hop.isNamed) return { address, refused: undefined };
    const isOurs = isOwn(address, hop.port);
    const refused = isOurs ? "that of this server itself" : whyNotPublic(address, allow);
    return { address, refused };
  });
}

/** The addresses that may be connected to. Throws a {@linkcode DialFailure} if there are none. */
async function permitted(hop: Hop, options: DialOptions): Promise<readonly string[]> {
  const judged = await judgedAddresses(hop, options);
  const rest = judged.filter(({ refused }) => refused === undefined);
  if (rest.length > 0) return rest.map(({ address }) => address);
  const why = judged.map(({ address, refused }) => `${address} is ${refused}`).join(", ");
  throw new DialFailure(`no mail is sent to the addresses of ${hop.host}: ${why}`);
}

function candidateFor({ port, source }: Hop, address: string): Candidate {
  const localAddress = source?.find((own) => isIpv6(own) === isIpv6(address));
  const from = localAddress === undefined ? {} : { localAddress };
  return { address, to: { host: address, port, ...from } };
}

const nameOf = (hop: Hop): string =>
  socketPathOf(hop) === undefined ? `${hop.host}:${hop.port}` : "the socket";
