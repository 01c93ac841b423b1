/**
 * The ready-made handlers, a line each: what is named here has its name in a configuration, too.
 * @module
 */
export { addHeader, type AddHeaderOptions } from "./add_header.ts";
export { alias, type AliasOptions, type AliasTableOption } from "./alias.ts";
export { announce, type AnnounceOptions } from "./announce.ts";
export { archive, type ArchiveOptions } from "./archive.ts";
export { attachments, type AttachmentsOptions } from "./attachments.ts";
export { authLimit, type AuthLimitOptions } from "./auth_limit.ts";
export { blacklist } from "./blacklist.ts";
export { bye, type ByeOptions } from "./bye.ts";
export { catchAll } from "./catch_all.ts";
export { defer } from "./defer.ts";
export { discardAll } from "./discard_all.ts";
export { dnsbl, type DnsblOptions } from "./dnsbl.ts";
export { explode } from "./explode.ts";
export { fallback, type FallbackOptions } from "./fallback.ts";
export { fcrdns } from "./fcrdns.ts";
export { firstMatch } from "./first_match.ts";
export { greeting } from "./greeting.ts";
export { greylist, type GreylistOptions } from "./greylist.ts";
export { helo } from "./helo.ts";
export { heloPolicy } from "./helo_policy.ts";
export { impatient, type ImpatientOptions } from "./impatient.ts";
export { localHosts } from "./local_hosts.ts";
export { maxReceived } from "./max_received.ts";
export { noRouteAddr } from "./no_route_addr.ts";
export { passwd, type PasswdOptions } from "./passwd.ts";
export { type RateKey, rateLimit, type RateLimitOptions, type RateUnit } from "./rate_limit.ts";
export { reject } from "./reject.ts";
export { relayTo, type RelayToOptions } from "./relay_to.ts";
export { removeHeader } from "./remove_header.ts";
export { renameHeader } from "./rename_header.ts";
export { reply, type ReplyOptions } from "./reply.ts";
export { requireAuth } from "./require_auth.ts";
export { requireFqdn } from "./require_fqdn.ts";
export { requireTls } from "./require_tls.ts";
export { rewriteRecipient } from "./rewrite_recipient.ts";
export { rewriteSender } from "./rewrite_sender.ts";
export { rewriteText, type RewriteTextOptions } from "./rewrite_text.ts";
export { senderDomain } from "./sender_domain.ts";
export { senderLogin, type SenderLoginOptions } from "./sender_login.ts";
export { subaddress, type SubaddressOptions } from "./subaddress.ts";
export { tarpit, type TarpitOptions } from "./tarpit.ts";
export { trace } from "./trace.ts";
export { virtualUsers, type VirtualUsersOptions } from "./virtual_users.ts";
export { when, type WhenOptions } from "./when.ts";
export { zone, type ZoneOptions } from "./zone.ts";
