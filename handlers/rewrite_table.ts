/**
 * Tables of other addresses for the envelope.
 * @module
 */
import { isMailDomain, Mailbox } from "postmaster";
import { z } from "postmaster/making";
import { domainKey } from "./alias_table.ts";
import { eachOnce } from "./table.ts";

/** Gives a mailbox another address, or itself. */
type Rewrite = (mailbox: Mailbox) => Mailbox;

/** Old addresses and new ones: `joe@old.example: joe@example.net`, or whole domains, `@old.example: @example.net`. */
export type RewriteTable = Readonly<Record<string, string>>;

/** The option that is such a table. */
export const rewriteTable: z.ZodType<RewriteTable, RewriteTable> = z.record(
  z.string(),
  z.string({ error: "an address, or a domain such as @example.net" }),
  { error: "a mapping such as `joe@old.example: joe@example.net` or `@old.example: @example.net`" },
).superRefine((table, context) => {
  for (const [from, to] of Object.entries(table)) {
    const fault = faultIn(from, to);
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault, path: [from] });
  }
}).superRefine(eachOnce(idOf));

function faultIn(from: string, to: string): string | undefined {
  const wrong = [from, to].find((text) => !isAddress(text) && !isWholeDomain(text));
  if (wrong !== undefined) return `\`${wrong}\` is no address, and no domain such as @example.net`;
  return isAddress(from) && isWholeDomain(to)
    ? `\`${from}\` is one address, and \`${to}\` many: write an address for it`
    : undefined;
}

/** The key of a lookup: case does not matter. */
function idOf(from: string): string {
  return isWholeDomain(from)
    ? domainKey(from.slice(1))
    : isAddress(from)
    ? Mailbox.parse(from).foldedKey
    : from;
}

const isWholeDomain = (text: string): boolean =>
  text.startsWith("@") && isMailDomain(text.slice(1));

function isAddress(text: string): boolean {
  const mailbox = Mailbox.tryParse(text);
  return mailbox !== undefined && mailbox.domain !== "" && mailbox.route.length === 0;
}

/** Gives mailboxes the addresses that a table has for them. */
export function rewriteBy(table: RewriteTable): Rewrite {
  const rules = new Map(Object.entries(table).map(([from, to]) => [idOf(from), to]));
  return (mailbox) => {
    const to = rules.get(mailbox.foldedKey) ?? rules.get(domainKey(mailbox.domain));
    if (to === undefined) return mailbox;
    return to.startsWith("@") ? new Mailbox(mailbox.local, to.slice(1)) : Mailbox.parse(to);
  };
}
