/**
 * The ready-made handlers, and the names by which a configuration calls them.
 *
 * @module
 */
import type { EventName, Handler, ReadyMade } from "postmaster";
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
import { attachments, attachmentsOptions } from "./attachments.ts";
import { discardAll } from "./discard_all.ts";
import { impatient, impatientOptions } from "./impatient.ts";
import { localHosts, localHostsOptions } from "./local_hosts.ts";
import { noRouteAddr } from "./no_route_addr.ts";
import { rewriteText, rewriteTextOptions } from "./rewrite_text.ts";
import { trace } from "./trace.ts";
import { registry } from "./nested.ts";
import { SUMMARIES } from "./summaries.ts";
import { relayTo, relayToOptions } from "./relay_to.ts";
import { defer, refusalOptions, reject, reply, replyOptions } from "./reply.ts";
import { bye, byeOptions, courtesyOptions, greeting, helo } from "./courtesy.ts";
import { address, catchAll } from "./catch_all.ts";
import { explode } from "./explode.ts";
import { fallback, fallbackOptions } from "./fallback.ts";
import { passwd, passwdOptions } from "./passwd.ts";
import { subaddress, subaddressOptions } from "./subaddress.ts";
import { virtualUsers, virtualUsersOptions } from "./virtual_users.ts";
import { archive, archiveOptions } from "./archive.ts";
import {
  addHeader,
  addHeaderOptions,
  maxReceived,
  maxReceivedOptions,
  removeHeader,
  removeHeaderOptions,
  renameHeader,
  renameHeaderOptions,
} from "./header.ts";
import { heloPolicy, requireFqdn } from "./helo_policy.ts";
import { rewriteOptions, rewriteRecipient, rewriteSender } from "./rewrite.ts";
import { tarpit, tarpitOptions } from "./tarpit.ts";
import { firstMatch, firstMatchOptions, when, whenOptions } from "./when.ts";

export { alias, aliasBy, type AliasOptions } from "./alias.ts";
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
export { attachments, type AttachmentsOptions } from "./attachments.ts";
export { discardAll } from "./discard_all.ts";
export { impatient, type ImpatientOptions } from "./impatient.ts";
export { localHosts } from "./local_hosts.ts";
export { noRouteAddr } from "./no_route_addr.ts";
export { rewriteBody } from "./rewrite_body.ts";
export { rewriteText, type RewriteTextOptions } from "./rewrite_text.ts";
export { sentAt } from "./sent_at.ts";
export { trace } from "./trace.ts";
export { type Condition, type ConditionData, type Predicate } from "./condition.ts";
export { type NestedHandler } from "./nested.ts";
export { relayTo, type RelayToOptions } from "./relay_to.ts";
export { defer, type RefusalOptions, reject, reply, type ReplyOptions } from "./reply.ts";
export { bye, type ByeOptions, greeting, helo } from "./courtesy.ts";
export { catchAll } from "./catch_all.ts";
export { explode } from "./explode.ts";
export { fallback, type FallbackOptions } from "./fallback.ts";
export { deferInDoubt, type Source } from "./in_doubt.ts";
export { passwd, type PasswdOptions } from "./passwd.ts";
export { postmaster, type PostmasterOptions } from "./postmaster.ts";
export { subaddress, type SubaddressOptions } from "./subaddress.ts";
export {
  type LocalUsers,
  localUsers,
  NamedUsers,
  SystemUsers,
  type Users,
  usersBy,
} from "./users.ts";
export { virtualUsers, type VirtualUsersOptions } from "./virtual_users.ts";
export { archive, type ArchiveOptions } from "./archive.ts";
export {
  addHeader,
  type AddHeaderOptions,
  maxReceived,
  removeHeader,
  renameHeader,
} from "./header.ts";
export { heloPolicy, requireFqdn } from "./helo_policy.ts";
export { rewriteRecipient, rewriteSender, type RewriteTable } from "./rewrite.ts";
export { tarpit, type TarpitOptions } from "./tarpit.ts";
export { firstMatch, when } from "./when.ts";

/** A ready-made handler before it has a name, and with it a summary. */
type Unnamed = Omit<ReadyMade, "summary">;

/** A handler whose factory reads its options by this schema itself. */
const ready = <T>(options: z.ZodType<unknown, T>, create: (options: T) => Handler): Unnamed => ({
  options,
  create: (written) => create(written as T),
});

/** A handler whose factory is given what the schema reads. */
const read = <T>(options: z.ZodType<T>, create: (options: T) => Handler): Unnamed => ({
  options,
  create: (written) => create(options.parse(written)),
});

const none: z.ZodType<unknown, Record<never, never> | undefined> = z.strictObject({}).prefault({});

/** The ready-made handlers by their names in a configuration. */
export const readyMade: ReadonlyMap<string, ReadyMade> = registry;

/** A handler that answers every event of those that its options name. */
const ending = <T>(
  options: z.ZodType<{ readonly on: EventName | readonly EventName[] }, T>,
  create: (options: T) => Handler,
): Unnamed => ({
  ...ready(options, create),
  ends: (written) => [options.parse(written).on].flat(),
});

const all: readonly (readonly [string, Unnamed])[] = [
  ["alias", { ...read(aliasOptions, alias), part: "asks again" }],
  ["blacklist", read(none, blacklist)],
  ["dnsbl", { ...ready(dnsblOptions, dnsbl), part: "checks" }],
  ["fcrdns", read(none, fcrdns)],
  ["sender-domain", read(none, senderDomain)],
  ["zone", { ...ready(zoneOptions, zone), part: "accepts" }],
  ["greylist", { ...ready(greylistOptions, greylist), part: "checks" }],
  ["rate-limit", { ...ready(rateLimitOptions, rateLimit), part: "checks" }],
  ["announce", read(announceOptions, announce)],
  ["attachments", ready(attachmentsOptions, attachments)],
  ["discard-all", { ...read(none, discardAll), ends: () => ["AddRcptTo"] }],
  ["impatient", { ...ready(impatientOptions, impatient), part: "counts" }],
  ["local-hosts", read(localHostsOptions, localHosts)],
  ["no-route-addr", read(none, noRouteAddr)],
  ["rewrite-text", ready(rewriteTextOptions, rewriteText)],
  ["trace", read(none, trace)],
  [
    "when",
    read(whenOptions, ({ if: wanted, then, else: otherwise }) => when(wanted, then, otherwise)),
  ],
  [
    "first-match",
    read(firstMatchOptions, (rules) => firstMatch(rules.map((rule) => [rule.if, rule.then]))),
  ],
  ["relay-to", { ...ready(relayToOptions, relayTo), relays: () => true }],
  ["reply", ending(replyOptions, reply)],
  ["reject", ending(refusalOptions, reject)],
  ["defer", ending(refusalOptions, defer)],
  ["greeting", ready(courtesyOptions, greeting)],
  ["helo", ready(courtesyOptions, helo)],
  ["bye", ending(byeOptions, bye)],
  ["fallback", { ...ready(fallbackOptions, fallback), part: "asks again" }],
  ["catch-all", { ...ready(address, catchAll), part: "asks again" }],
  ["subaddress", { ...ready(subaddressOptions, subaddress), part: "asks again" }],
  ["explode", { ...read(aliasOptions, explode), part: "asks again" }],
  ["passwd", { ...ready(passwdOptions, passwd), part: "accepts" }],
  ["virtual-users", { ...ready(virtualUsersOptions, virtualUsers), part: "accepts" }],
  ["add-header", ready(addHeaderOptions, addHeader)],
  ["remove-header", ready(removeHeaderOptions, removeHeader)],
  ["rename-header", ready(renameHeaderOptions, renameHeader)],
  ["max-received", ready(maxReceivedOptions, maxReceived)],
  ["archive", {
    ...ready(archiveOptions, archive),
    relays: (written) => archiveOptions.parse(written).relay,
  }],
  ["helo-policy", read(none, heloPolicy)],
  ["require-fqdn", read(none, requireFqdn)],
  ["tarpit", { ...ready(tarpitOptions, tarpit), part: "counts" }],
  ["rewrite-sender", ready(rewriteOptions, rewriteSender)],
  ["rewrite-recipient", ready(rewriteOptions, rewriteRecipient)],
];
for (const [name, made] of all) registry.set(name, { summary: SUMMARIES[name] ?? "", ...made });
