/**
 * Servers that the configuration names, in the order in which they are tried.
 * @module
 */
import { printHop } from "../client/hop.ts";
import type { NextHop } from "./routing.ts";

/** A server that the configuration names. */
export interface Server {
  readonly hop: NextHop;
  /** Those with a lower number are tried first. */
  readonly priority: number;
  /** Its part of the mail among those with the same priority, if one of them has a weight; without one it is 1. */
  readonly weight?: number | undefined;
}

/**
 * Servers in the order in which they are tried for one message: by priority; those with the same priority at random by
 * their weights, and if none has a weight, as they are listed.
 *
 * @param random gives a number from 0 to 1
 */
export function inOrder(servers: readonly Server[], random: () => number): readonly Server[] {
  const priorities = [...new Set(servers.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) => {
    const equals = servers.filter((server) => server.priority === priority);
    return equals.some(({ weight }) => weight !== undefined) ? drawn(equals, random) : equals;
  });
}

/** One after the other is drawn, each with the chance of its weight among those that are left. */
function drawn(servers: readonly Server[], random: () => number): readonly Server[] {
  const [left, order] = [[...servers], [] as Server[]];
  while (left.length > 0) {
    let lot = random() * left.reduce((sum, { weight = 1 }) => sum + weight, 0);
    const at = left.findIndex(({ weight = 1 }) => (lot -= weight) < 0);
    order.push(...left.splice(at, 1));
  }
  return order;
}

/** `smtp://joe@relay.example.net:587`, with all that makes mail for it other mail. */
export function printServer({ hop }: Pick<Server, "hop">): string {
  const { login, tls } = hop;
  const url = printHop(hop);
  const withUser = login === undefined ? url : url.replace("//", `//${login.user}@`);
  return tls === undefined ? withUser : `${withUser} tls=${tls}`;
}
