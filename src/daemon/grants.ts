/**
 * What a server that is no longer root may still run as other users.
 *
 * The list is made of the configuration, before the server has read a byte of a client or loaded a handler. An attacker
 * who takes over the server later can run what is on the list, and no more: the mailer with any mail for any recipient,
 * and any program as the users of `run-as`.
 * @module
 */
import { z } from "zod";
import type { Config } from "../config/mod.ts";
import { mailerProgram } from "../config/targets.ts";
import { findIdentity, type Identity, type Ids } from "../targets/identity.ts";
import { identityFor, type Order, type Program, RECIPIENT } from "../targets/launch.ts";
import {
  expand,
  PLACEHOLDERS,
  type PlaceholderValues,
  refusalOf,
  type Template,
} from "../targets/template.ts";

/** One thing that may be run. */
export interface Grant {
  readonly user: string | number;
  readonly group?: string | number | undefined;
  /** The command; any, if there is none. */
  readonly template?: Template | undefined;
  /** The most recipients for whom one process may run; any number, if it is not given. */
  readonly maxRecipients?: number | undefined;
}

/** The most octets of a command line, by a generous estimate: the system takes a tenth of that (execve(2)). */
const LONGEST = 32 * 1024 * 1024;

const account = z.union([z.string(), z.int().nonnegative()]);
const who = { user: account, group: account.optional() };
const template = z.array(z.strictObject({
  text: z.array(z.string()),
  placeholders: z.array(z.enum(PLACEHOLDERS)),
  repeated: z.boolean(),
  hyphen: z.boolean(),
})).nonempty();

/** A {@linkcode Grant} that comes from another process. */
export const grantSchema: z.ZodType<Grant> = z.strictObject({
  ...who,
  template: template.optional(),
  maxRecipients: z.int().positive().optional(),
});
/** An order that comes from another process: it always names a user. */
export const orderSchema: z.ZodType<Order & Grant> = z.strictObject({
  ...who,
  template,
  recipients: z.array(z.record(z.enum(PLACEHOLDERS), z.string())).nonempty(),
});

/** What a configuration lets a server run as other users. */
export function grantsOf({ mailer, runAs }: Config, self: Ids): Grant[] {
  const program = mailerProgram(mailer);
  const own = program === undefined ? [] : [grantOf(program, self)];
  return [...own, ...runAs].filter((grant) => {
    if (grant.user === RECIPIENT) return true;
    const { uid, gid } = findIdentity(grant.user, grant.group, self);
    return uid !== self.uid || gid !== self.gid;
  });
}

const grantOf = (
  { user, group, template, maxRecipients }: NonNullable<ReturnType<typeof mailerProgram>>,
  self: Ids,
): Grant => ({ user: user ?? self.uid, group, template, maxRecipients });

/**
 * The command line of an order, and the user that runs it.
 *
 * @param grants what may be run
 * @throws {Error} for an order that no grant covers
 */
export function judge(
  { template, recipients, user, group }: Order & Grant,
  grants: readonly Grant[],
): { readonly argv: readonly string[]; readonly identity: Identity } {
  const identity = identityFor({ template, recipients, user, group }, findIdentity);
  const grant = grantFor({ template, user, group }, identity, grants);
  // Which arguments may begin with a hyphen was decided for so many: one more would be taken for an option.
  if (recipients.length > (grant.maxRecipients ?? Infinity)) {
    throw new Error(`more recipients than \`max-recipients\`, ${grant.maxRecipients}`);
  }
  if (estimate(template, recipients) > LONGEST) throw new Error("the command line is too long");
  const refusal = recipients.map((values) => refusalOf(template, values)).find(Boolean);
  if (refusal !== undefined) throw new Error(refusal);
  return { argv: expand(template, recipients), identity };
}

/** The grant that covers a program. Throws an Error if none does: then {@linkcode judge} refuses all its orders. */
export function grantFor(
  { template, user, group }: Program & Grant,
  { uid, gid }: Identity,
  grants: readonly Grant[],
): Grant {
  const grant = grants.find((grant) =>
    grant.user === user && grant.group === group &&
    (grant.template === undefined || isSame(grant.template, template))
  );
  if (grant === undefined) throw new Error(notGranted(user, group));
  if (grant.template === undefined && (uid === 0 || gid === 0)) {
    throw new Error("no program of a handler's runs as root");
  }
  return grant;
}

/** The most octets that a command line can have, by the longest of its values: known before the line is made. */
function estimate(template: Template, recipients: readonly PlaceholderValues[]): number {
  const longest = recipients.flatMap(Object.values<string>)
    .reduce((most, { length }) => Math.max(most, length), 1);
  const once = template.map(({ text, placeholders }) =>
    text.join(" ").length + longest * (1 + placeholders.length)
  );
  return recipients.length * once.reduce((sum, length) => sum + length, 0);
}

/** What to do about an order that no grant covers. */
export const notGranted = (user: string | number, group: string | number | undefined): string =>
  `the server is no longer root, and may not run this as ${user}${
    group === undefined ? "" : ` with the group ${group}`
  }: add that to \`run-as\``;

/** Templates come from one parser, so their keys have the same order. */
const isSame = (a: Template, b: Template): boolean => JSON.stringify(a) === JSON.stringify(b);
