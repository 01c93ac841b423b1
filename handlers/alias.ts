/**
 * Other names for recipients, and lists of them.
 * @module
 */
import {
  type EventOf,
  type Handler,
  type HandlerFactory,
  isPositive,
  isRelayingDenied,
  isSameName,
  isUnclaimed,
  type Mailbox,
  type MaybePromise,
  named,
  type Next,
  on,
  rejoin,
  relay,
  type Reply,
  type Route,
  routeKey,
  say,
  type Session,
} from "postmaster";
import { defineHandler, kinds, Watched, z } from "postmaster/making";
import { parseAliases, readAliases, wordsIn } from "./alias_file.ts";
import { type Aliases, AliasTable, parseAliasKey } from "./alias_table.ts";
import { deferring } from "./in_doubt.ts";
import { isForAll } from "./refusal.ts";

/** Aliases, each with its address or addresses. */
export type AliasTableOption = Readonly<Record<string, string | readonly string[]>>;

/** The options of {@linkcode alias}: aliases with their addresses, or a file of them. */
export type AliasOptions = AliasTableOption | { readonly file: string };

const text = z.string();
const table: z.ZodType<AliasTable, AliasTableOption> = z
  .record(
    text.superRefine((key, context) => void kinds.attempt(parseAliasKey)(key, context)),
    z.union([text, kinds.list(text, undefined, 1)], { error: "an address or a list of addresses" }),
    { error: "a mapping from aliases to addresses, such as `webmaster@example.net: joe`" },
  ).transform((written, context) => {
    const { table, faults } = readAliases(wordsIn(written, (path) => path));
    for (const { place: path, message } of faults) {
      context.addIssue({ code: "custom", message, path: [...path] });
    }
    return table;
  });
const file = kinds.options({
  file: kinds.file(parseAliases).describe("A file with `alias: address, address` a line.")
    .meta({ examples: ["/etc/aliases"] }),
}).transform(({ file: path }): Aliases => {
  const file = new Watched(path, parseAliases, new AliasTable());
  return {
    find: (recipient) => file.value.find(recipient),
    catchAll: (recipient) => file.value.catchAll(recipient),
    get trouble() {
      return file.trouble;
    },
  };
});

/** The options of {@linkcode alias} in a configuration. */
export const aliasOptions: z.ZodType<Aliases, AliasOptions> = kinds.chosen(
  (value): z.ZodType<Aliases> => namesFile(value) ? file : table,
  () => z.union([file, table]),
);

/** A mapping with the one key `file` names a file; an alias `file` needs another beside it. */
const namesFile = (options: unknown): boolean =>
  typeof options === "object" && Object.keys(options ?? {}).join() === "file";

/**
 * Gives recipients other names. A key is an address, a local part for any domain, or `@example.net` for all unknown
 * users of a domain; its value is an address or a list of addresses, and one without a domain is in the recipient's
 * domain. Each address goes through the whole chain again, from the outside.
 *
 * One address of a list that is deferred defers the recipient, and one that is refused because of the client refuses
 * it. Otherwise a refused address gets nothing, unless all are refused, and the log warns of it. An address that is
 * the recipient itself is passed on: `joe: [joe, archive]` keeps joe's copy.
 *
 * An address elsewhere, in another domain than the recipient's and one to which the whole chain denies relaying, gets
 * its mail by the target `relay`. Without that target, the recipient is deferred, and the log says what is missing.
 *
 * @example
 * ```ts
 * import { chain, on, procmail, say } from "postmaster";
 * import { alias } from "postmaster/handlers";
 *
 * export default chain(
 *   alias({ "webmaster@example.net": "joe@example.net", "sales": ["joe", "jane"] }),
 *   on("AddRcptTo", ({ mailbox }) =>
 *     ["joe", "jane"].includes(mailbox.local)
 *       ? procmail(mailbox.local)
 *       : say(5, 5, 0, "unknown recipient", "5.1.1")),
 * );
 * ```
 */
export const alias: HandlerFactory<AliasOptions> = defineHandler({
  name: "alias",
  summary: "Gives recipients other names, or sends their mail to several addresses.",
  options: aliasOptions,
  create: aliasesOf,
  example: "alias: { webmaster@example.net: joe, sales: [joe, jane] }",
  part: "asks again",
});

/** As {@linkcode aliasBy}; recipients whom nobody knows are deferred while the aliases cannot be read. */
export function aliasesOf(aliases: Aliases): Handler {
  return deferring(aliases, aliasBy(aliases));
}

/** As {@linkcode alias}, with aliases from any source. Mail is relayed to whatever domains they lead to. */
export function aliasBy(aliases: Aliases): Handler {
  const answer = async (
    event: EventOf<"AddRcptTo">,
    next: Next<"AddRcptTo">,
    session: Session,
  ): Promise<Reply> => {
    const { mailbox, parameters, suffix = "" } = event;
    const whole = rejoin(mailbox, suffix);
    const ask = (member: Mailbox): MaybePromise<Reply> =>
      member.equals(mailbox) || member.equals(whole)
        ? next({ ...event, exact: false })
        : session.trigger({ type: "AddRcptTo", mailbox: member, parameters });
    const members = aliases.find(mailbox);
    if (members !== undefined) return await askAll(mailbox, members, ask, session);
    const reply = await next();
    const others = !event.exact && isUnclaimed(reply) ? aliases.catchAll(mailbox) : undefined;
    return others === undefined ? reply : await askAll(mailbox, others, ask, session);
  };
  return named("alias", on("AddRcptTo", answer));
}

/** The reply that accepts a recipient for these routes. */
export const accept = (routes: readonly Route[]): Reply => ({
  ...say(2, 5, 0, "recipient ok", "2.1.5"),
  routes,
});

/**
 * Asks for each member in turn and makes one reply of the replies. Mail for members elsewhere is relayed. If others
 * get the mail, the log warns of each refused member.
 *
 * @param own where the recipient's mail goes besides
 */
export async function askAll(
  recipient: Mailbox,
  members: readonly Mailbox[],
  ask: (member: Mailbox) => MaybePromise<Reply>,
  session: Session,
  own: readonly Route[] = [],
): Promise<Reply> {
  const routes = new Map(own.map((route) => [routeKey(route), route]));
  const refused = new Map<Mailbox, Reply>();
  let last: Reply = say(5, 5, 0, "unknown recipient", "5.1.1");
  for (const member of members) {
    const answer = await ask(member);
    const reply = isElsewhere(member, recipient, answer)
      ? accept([{ recipient: member, target: relay([member]) }])
      : answer;
    if (isForAll(reply, session)) return reply;
    if (isPositive(reply)) {
      for (const route of reply.routes ?? []) routes.set(routeKey(route), route);
    } else {
      refused.set(member, reply);
    }
    last = reply;
  }
  if (routes.size === 0) return last;
  for (const [member, { code, lines }] of refused) {
    session.warn("a member of a list is refused, and gets nothing", {
      list: String(recipient),
      member: String(member),
      reply: `${code} ${lines.join(" ")}`,
    });
  }
  return accept([...routes.values()]);
}

/**
 * True if nobody here takes the member's mail. A member in the recipient's domain is never elsewhere: the domain may
 * come from the client, who could otherwise have mail sent on to any domain.
 */
const isElsewhere = (member: Mailbox, recipient: Mailbox, answer: Reply): boolean =>
  isRelayingDenied(answer) && !isSameName(member.domain, recipient.domain);
