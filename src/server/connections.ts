/**
 * How many connections a server has, in all and from each client.
 * @module
 */
import { hostOf, isLocal } from "../base/ip.ts";
import type { LimitName } from "../handler/event.ts";

/** How many connections there may be. */
export interface ConnectionLimits {
  readonly connections: number;
  /** From one address, or one /64 network of IPv6. */
  readonly connectionsPerAddress: number;
}

/** The connections that are served. */
export class Connections<Connection> implements Iterable<Connection> {
  #limits: ConnectionLimits;
  /** Each with the host that it is counted for. */
  readonly #hosts = new Map<Connection, string>();
  readonly #counts = new Map<string, number>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Other limits hold from now on. */
  limit(limits: ConnectionLimits): void {
    this.#limits = limits;
  }

  get size(): number {
    return this.#hosts.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#hosts.keys();
  }

  /**
   * The limit that one more connection would exceed.
   *
   * @param waiting those that are not counted yet
   */
  full(waiting: number): LimitName | undefined {
    return this.size + waiting >= this.#limits.connections ? "connections" : undefined;
  }

  /** The limit that one more connection from this address would exceed; clients on this machine have none. */
  fullFor(address: string): LimitName | undefined {
    const count = this.#counts.get(hostOf(address)) ?? 0;
    return count >= this.#limits.connectionsPerAddress && !isLocal(address)
      ? "connections-per-address"
      : undefined;
  }

  add(connection: Connection, address: string): void {
    const host = hostOf(address);
    this.#hosts.set(connection, host);
    this.#counts.set(host, (this.#counts.get(host) ?? 0) + 1);
  }

  /** Counts a connection for another address. Gives the limit that this exceeds. */
  move(connection: Connection, address: string): LimitName | undefined {
    if (!this.#hosts.has(connection)) return undefined;
    this.remove(connection);
    const limit = this.fullFor(address);
    this.add(connection, address);
    return limit;
  }

  /** @returns whether it was among them */
  remove(connection: Connection): boolean {
    const host = this.#hosts.get(connection);
    if (host === undefined) return false;
    this.#hosts.delete(connection);
    const left = this.#counts.get(host)! - 1;
    if (left > 0) this.#counts.set(host, left);
    else this.#counts.delete(host);
    return true;
  }
}
