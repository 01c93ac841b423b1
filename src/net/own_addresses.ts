/**
 * The addresses at which this server itself listens.
 * @module
 */
import { networkInterfaces } from "node:os";
import { peerAddress } from "../base/ip.ts";

/** An address of TCP. */
export interface SocketAddress {
  /** `::` and `0.0.0.0` are all addresses of the machine. */
  readonly address: string;
  readonly port: number;
}

/** Whether a server that listens at these addresses can be connected to at this one. */
export function isListening(
  listening: readonly SocketAddress[],
  address: string,
  port: number,
): boolean {
  return listening.some((one) =>
    one.port === port &&
    (one.address === address || isWildcard(one.address) && isOfMachine(address))
  );
}

const isWildcard = (address: string): boolean => address === "::" || address === "0.0.0.0";

/** Whether this machine has an address now. */
export const isOfMachine = (address: string): boolean =>
  address.startsWith("127.") ||
  Object.values(networkInterfaces()).some((all) =>
    all?.some((one) => peerAddress(one.address) === address)
  );
