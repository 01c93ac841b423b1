/**
 * The ready-made handlers, and what else one can make policies of: "postmaster/handlers".
 * @module
 */
import "./registry.ts";

export * from "./ready_made.ts";
export type { OnFailure } from "./filters/failure.ts";
export type { FilterOptions } from "./filters/options.ts";
export { type FilterVerdict, filterVerdicts } from "./filters/verdicts.ts";
export { aliasBy } from "./alias.ts";
export {
  type Aliases,
  AliasTable,
  type AliasTarget,
  parseAliasKey,
  parseAliasTarget,
} from "./alias_table.ts";
export { ban, reasonOfBan, unban } from "./ban.ts";
export type { Weekday } from "./calendar.ts";
export type { Condition, ConditionData, Predicate } from "./condition.ts";
export type { DnsListOption, WeightedDnsListOption } from "./dns_list.ts";
export { confirmedName } from "./fcrdns.ts";
export type { RefusalOptions } from "./fixed_reply.ts";
export { deferInDoubt, type Source } from "./in_doubt.ts";
export type { NestedHandler } from "./nested.ts";
export { postmaster, type PostmasterOptions } from "./postmaster.ts";
export type { Quarantine } from "./quarantine.ts";
export { rewriteBody } from "./rewrite_body.ts";
export type { RewriteTable } from "./rewrite_table.ts";
export { sentAt } from "./sent_at.ts";
export type { ExaminingOptions } from "./signatures.ts";
export type { SenderCheckOptions } from "./spf.ts";
export { type LocalUsers, localUsers, NamedUsers, type Users, usersBy } from "./users.ts";
