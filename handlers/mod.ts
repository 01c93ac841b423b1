/**
 * The ready-made handlers, and the names by which a configuration calls them.
 *
 * @module
 */
import type { Handler } from "postmaster";
import { z } from "zod";
import { alias, aliasOptions } from "./alias.ts";
import { blacklist } from "./blacklist.ts";
import { dnsbl, dnsblOptions } from "./dnsbl.ts";
import { fcrdns } from "./fcrdns.ts";
import { senderDomain } from "./sender_domain.ts";
import { zone, zoneOptions } from "./zone.ts";
import { greylist, greylistOptions } from "./greylist.ts";
import { rateLimit, rateLimitOptions } from "./rate_limit.ts";
import { announce, announceOptions } from "./announce.ts";
import { discardAll } from "./discard_all.ts";
import { impatient, impatientOptions } from "./impatient.ts";
import { localHosts, localHostsOptions } from "./local_hosts.ts";
import { noRouteAddr } from "./no_route_addr.ts";
import { rewriteText, rewriteTextOptions } from "./rewrite_text.ts";
import { trace } from "./trace.ts";

export { alias, aliasBy } from "./alias.ts";
export {
  type Aliases,
  AliasTable,
  type AliasTarget,
  parseAliasKey,
  parseAliasTarget,
} from "./alias_table.ts";
export { ban, reasonOfBan, unban } from "./ban.ts";
export { blacklist } from "./blacklist.ts";
export { dnsbl, type DnsblOptions } from "./dnsbl.ts";
export { confirmedName, fcrdns } from "./fcrdns.ts";
export { senderDomain } from "./sender_domain.ts";
export { zone, type ZoneSettings } from "./zone.ts";
export { greylist, type GreylistOptions } from "./greylist.ts";
export { rateLimit, type RateLimitOptions } from "./rate_limit.ts";
export { announce, type AnnounceOptions } from "./announce.ts";
export { discardAll } from "./discard_all.ts";
export { impatient, type ImpatientOptions } from "./impatient.ts";
export { localHosts } from "./local_hosts.ts";
export { noRouteAddr } from "./no_route_addr.ts";
export { rewriteBody } from "./rewrite_body.ts";
export { rewriteText, type RewriteTextOptions } from "./rewrite_text.ts";
export { sentAt } from "./sent_at.ts";
export { trace } from "./trace.ts";

/** A handler that a configuration can name. */
export interface ReadyMade {
  /** The schema of its options. */
  readonly options: z.ZodType;
  /** Makes the handler. Throws a ZodError for options that the schema refuses. */
  readonly create: (options: unknown) => Handler;
}

/** The factory takes options as people write them; the schema has found them good before. */
function ready<T>(options: z.ZodType<unknown, T>, create: (options: T) => Handler): ReadyMade {
  return {
    options,
    create: (value) => {
      options.parse(value);
      return create(value as T);
    },
  };
}

const none: z.ZodType<unknown, Record<never, never> | undefined> = z.strictObject({}).prefault({});

/** The ready-made handlers by their names in a configuration. */
export const readyMade: ReadonlyMap<string, ReadyMade> = new Map([
  ["alias", ready(aliasOptions, alias)],
  ["blacklist", ready(none, blacklist)],
  ["dnsbl", ready(dnsblOptions, dnsbl)],
  ["fcrdns", ready(none, fcrdns)],
  ["sender-domain", ready(none, senderDomain)],
  ["zone", ready(zoneOptions, zone)],
  ["greylist", ready(greylistOptions, greylist)],
  ["rate-limit", ready(rateLimitOptions, rateLimit)],
  ["announce", ready(announceOptions, announce)],
  ["discard-all", ready(none, discardAll)],
  ["impatient", ready(impatientOptions, impatient)],
  ["local-hosts", ready(localHostsOptions, localHosts)],
  ["no-route-addr", ready(none, noRouteAddr)],
  ["rewrite-text", ready(rewriteTextOptions, rewriteText)],
  ["trace", ready(none, trace)],
]);
