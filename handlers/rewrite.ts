/**
 * Other addresses in the envelope.
 *
 * @module
 */
import { type Handler, isMailDomain, isPositive, Mailbox, named, on } from "postmaster";
import { z } from "zod";
import { eachOnce } from "./table.ts";

/** Gives a mailbox another address, or itself. */
type Rewrite = (mailbox: Mailbox) => Mailbox;

/** Old addresses and new ones: `joe@old.example: joe@example.net`, or whole domains, `@old.example: @example.net`. */
export type RewriteTable = Readonly<Record<string, string>>;

/** The options of {@linkcode rewriteSender} and {@linkcode rewriteRecipient} in a configuration. */
export const rewriteOptions: z.ZodType<RewriteTable, RewriteTable> = z.record(
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

/** What is looked up: case does not matter. */
function idOf(from: string): string {
  return (isAddress(from) ? Mailbox.parse(from).key : from).toLowerCase();
}

const isWholeDomain = (text: string): boolean =>
  text.startsWith("@") && isMailDomain(text.slice(1));

function isAddress(text: string): boolean {
  const mailbox = Mailbox.tryParse(text);
  return mailbox !== undefined && mailbox.domain !== "" && mailbox.route.length === 0;
}

function rewriteBy(table: RewriteTable): Rewrite {
  const parsed = rewriteOptions.parse(table);
  const rules = new Map(
    Object.entries(parsed).map(([from, to]) => [
      idOf(from),
      to,
    ]),
  );
  return (mailbox) => {
    const to = rules.get(mailbox.key.toLowerCase()) ??
      rules.get(`@${mailbox.domain.toLowerCase()}`);
    if (to === undefined) return mailbox;
    return to.startsWith("@") ? new Mailbox(mailbox.local, to.slice(1)) : Mailbox.parse(to);
  };
}

/**
 * Gives senders other addresses before the handlers further in see them; from then on the new one is the sender of the
 * transaction, for all handlers and for mailers. The null sender stays what it is. What is rewritten once is not looked
 * up again.
 *
 * @throws {z.ZodError} for a table that makes no sense
 *
 * @example
 * ```ts
 * import { rewriteSender } from "postmaster/handlers";
 *
 * export default rewriteSender({ "@old.example": "@example.net" });
 * ```
 */
export function rewriteSender(table: RewriteTable): Handler {
  const rewrite = rewriteBy(table);
  return named(
    "rewrite-sender",
    on("SetMailFrom", async (event, next) => {
      const sender = event.mailbox && rewrite(event.mailbox);
      const reply = await next({ ...event, mailbox: sender });
      return isPositive(reply) ? { sender, ...reply } : reply;
    }),
  );
}

/**
 * Gives recipients other addresses before the handlers further in see them. What is rewritten once is not looked up
 * again; {@linkcode alias} asks the whole chain instead.
 *
 * @throws {z.ZodError} for a table that makes no sense
 *
 * @example
 * ```ts
 * import { rewriteRecipient } from "postmaster/handlers";
 *
 * export default rewriteRecipient({ "joe@old.example": "joe.smith@example.net" });
 * ```
 */
export function rewriteRecipient(table: RewriteTable): Handler {
  const rewrite = rewriteBy(table);
  return named(
    "rewrite-recipient",
    on("AddRcptTo", (event, next) => next({ ...event, mailbox: rewrite(event.mailbox) })),
  );
}
