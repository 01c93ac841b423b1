/**
 * From whom which breaches of the protocol are tolerated.
 *
 * @module
 */
import { isIn, type Network } from "../base/ip.ts";
import { STRICT, type Tolerance } from "../smtp/tolerance.ts";

/** All clients, or those in some networks. */
export type Clients = "everyone" | readonly Network[];

/** For each breach the clients from whom it is tolerated; nobody, where nothing is said. */
export type Tolerated = { readonly [K in keyof Tolerance]?: Clients | undefined };

/** What is tolerated from the client at an address. */
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
