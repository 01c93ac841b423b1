/**
 * What is demanded of the connections to the servers of a way.
 * @module
 */
import type { Demand, DomainSecurity, HostSecurity, Security } from "../security/security.ts";
import type { NextHop, Servers } from "./routing.ts";

/** What is demanded of each server: what its domain says, or for a server that is named what that says. */
export function rulesFor(
  { domain, exchangers, areNamed }: Servers,
  security: Security,
  demand: Demand = {},
): (hop: NextHop) => Promise<HostSecurity> {
  let all: Promise<DomainSecurity> | undefined;
  return async ({ host, port, tls: mode }) => {
    const own = () => security.of(host, { ...exchangers, hosts: [host] }, { ...demand, mode });
    const rules = areNamed ? own() : all ??= security.of(domain, exchangers, { ...demand, mode });
    return await (await rules).of(host, port);
  };
}
