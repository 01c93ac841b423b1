/**
 * Domains whose exchangers are on this machine, at addresses of their own with the same port.
 *
 * @module
 */

/** What domains there are, and their exchangers: addresses, names, or other records. */
export type Domains = Readonly<Record<string, string | { readonly records: string }>>;

/** Zones for nsd. An address becomes that of `mx` in the domain. */
export const zonesOf = (domains: Domains): Record<string, string> =>
  Object.fromEntries(
    Object.entries(domains).map(([domain, given]) => [
      domain,
      typeof given === "string" ? `@ MX 10 mx\nmx A ${given}` : given.records,
    ]),
  );
