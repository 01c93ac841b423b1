/**
 * The breaches of the protocol that are tolerated from each client.
 * @module
 */
import { isIn, type Network } from "../base/ip.ts";
import { STRICT, type Tolerance } from "../smtp/tolerance.ts";

/** All clients, or those in some networks. */
export type Clients = "everyone" | readonly Network[];

/** The clients from which each breach is tolerated; by default none. */
export type Tolerated = { readonly [K in keyof Tolerance]?: Clients | undefined };

/** The breaches that are tolerated from the client at an address. */
export function toleranceFor(address: string, tolerated: Tolerated): Tolerance {
  const breaches = Object.entries(tolerated) as [keyof Tolerance, Clients | undefined][];
  return breaches.reduce(
    (tolerance, [breach, clients = []]) =>
      clients === "everyone" || isIn(address, clients)
        ? { ...tolerance, [breach]: true }
        : tolerance,
    STRICT,
  );
}
