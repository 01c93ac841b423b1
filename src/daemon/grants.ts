/**
 * What a server that is no longer root may still have run as other users.
 *
 * The list is made of the configuration before anything of a client's or of the operator's handlers was looked
 * at. Whoever takes over the server later can have done what is on it, and no more: the mailer run with any mail
 * for any recipient, and any program as the users of `run-as`.
 *
 * @module
 */
import { z } from "zod";
import type { Config } from "../config/mod.ts";
import { findIdentity, findIds, type Identity, type Ids } from "../target/identity.ts";
import type { Order } from "../target/launch.ts";
import {
  expand,
  parseTemplate,
  PLACEHOLDERS,
  refusalOf,
  type Template,
} from "../target/template.ts";

/** One thing that may be run. */
export interface Grant {
  readonly user: string | number;
  readonly group?: string | number | undefined;
  /** The command; any, if there is none. */
  readonly template?: Template | undefined;
}

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
});
/** An order that does: it always says who is to run it. */
export const orderSchema: z.ZodType<Order & Grant> = z.strictObject({
  ...who,
  template,
  recipients: z.array(z.record(z.enum(PLACEHOLDERS), z.string())).nonempty(),
});

/** What a configuration lets a server run as others than itself. */
export function grantsOf({ mailer, runAs }: Config, self: Ids): Grant[] {
  const { user = self.uid, group, command } = mailer;
  const ofMailer = parseTemplate(command, mailer["max-recipients"] > 1);
  return [{ user, group, template: ofMailer }, ...runAs].filter((grant) => {
    const { uid, gid } = findIds(grant.user, grant.group);
    return uid !== self.uid || gid !== self.gid;
  });
}

/**
 * The command line of an order, and who runs it.
 *
 * @param grants what may be run
 * @throws {Error} for an order that they do not cover
 */
export function judge(
  { template, recipients, user, group }: Order & Grant,
  grants: readonly Grant[],
): { readonly argv: readonly string[]; readonly identity: Identity } {
  const grant = grants.find((grant) =>
    grant.user === user && grant.group === group &&
    (grant.template === undefined || isSame(grant.template, template))
  );
  if (grant === undefined) throw new Error(notGranted(user, group));
  const refusal = recipients.map((values) => refusalOf(template, values)).find(Boolean);
  if (refusal !== undefined) throw new Error(refusal);
  const identity = findIdentity(user, group);
  const { uid, gid } = identity.ids ?? { uid: 0, gid: 0 };
  if (grant.template === undefined && (uid === 0 || gid === 0)) {
    throw new Error("no program of a handler's runs as root");
  }
  return { argv: expand(template, recipients), identity };
}

/** What to do about an order that nothing covers. */
export const notGranted = (user: string | number, group: string | number | undefined): string =>
  `the server is no longer root, and may not run this as ${user}${
    group === undefined ? "" : ` with the group ${group}`
  }: add that to \`run-as\``;

/** They come from the same parser, so their keys have the same order. */
const isSame = (a: Template, b: Template): boolean => JSON.stringify(a) === JSON.stringify(b);
