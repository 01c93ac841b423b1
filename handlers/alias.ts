/**
 * Other names for recipients, and lists of them.
 *
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
import {
  type Aliases,
  AliasTable,
  circlesIn,
  inCircle,
  parseAliasKey,
  parseAliasTarget,
} from "./alias_table.ts";
import { parseAliases } from "./alias_file.ts";
import { deferring } from "./in_doubt.ts";
import { isForAll } from "./refusal.ts";
import { eachOnce } from "./table.ts";

/** Aliases, each with its address or addresses. */
export type AliasTableOption = Readonly<Record<string, string | readonly string[]>>;

/** The options of {@linkcode alias}: aliases with their addresses, or a file of them. */
export type AliasOptions = AliasTableOption | { readonly file: string };

const address = readBy(parseAliasTarget);
const table = z
  .record(
    readBy(parseAliasKey),
    z.union([address, kinds.list(address, undefined, 1)], {
      error: "an address or a list of addresses",
    }),
    { error: "a mapping from aliases to addresses, such as `webmaster@example.net: joe`" },
  ).superRefine(eachOnce(idOf))
  .superRefine(noCircle);
const file = kinds.options({
  file: kinds.file(parseAliases).describe("A file with `alias: address, address` a line.")
    .meta({ examples: ["/etc/aliases"] }),
});

/** The options of {@linkcode alias} in a configuration. */
export const aliasOptions: z.ZodType<AliasOptions, AliasOptions> = kinds.chosen(
  (value): z.ZodType<AliasOptions> => isFile(value) ? file : table,
  () => z.union([file, table]),
);

/** A mapping with the one key `file` names a file; an alias `file` needs another beside it. */
const isFile = (options: unknown): options is { readonly file: string } =>
  typeof options === "object" && Object.keys(options ?? {}).join() === "file";

function idOf(key: string): string {
  try {
    return parseAliasKey(key);
  } catch {
    return key; // what is wrong with it has been said
  }
}

function noCircle(table: AliasTableOption, context: z.RefinementCtx): void {
  if (context.issues.length > 0) return;
  const keys = new Map(Object.keys(table).map((key) => [parseAliasKey(key), key]));
  for (const [key, circle] of circlesIn(tableOf(table))) {
    context.addIssue({ code: "custom", message: inCircle(circle), path: [keys.get(key)!] });
  }
}

function tableOf(written: AliasTableOption): AliasTable {
  const table = new AliasTable();
  for (const [key, value] of Object.entries(written)) {
    table.set(parseAliasKey(key), [value].flat().map(parseAliasTarget));
  }
  return table;
}

/** A text that `parse` can read. */
function readBy(parse: (text: string) => unknown): z.ZodString {
  return z.string().superRefine((text, context) => void kinds.attempt(parse)(text, context));
}

/**
 * Gives recipients other names. A key is an address, a local part for any domain, whosever it is, or `@example.net` for all of a
 * domain that nobody further in has an address for; its value is an address or a list of them, and one without a domain
 * is in the recipient's. Each address goes through the whole chain again, from the outside.
 *
 * One address of a list that is deferred defers the recipient, and a client that is refused is refused. Addresses
 * that are refused are left out, unless all are, and the log warns of each. An address that is the recipient itself is
 * passed on: `joe: [joe, archive]` keeps joe's copy.
 *
 * An address in another domain than the recipient's to which the whole chain denies relaying is elsewhere: its mail is
 * sent on by the target `relay`. Without that target, the recipient is deferred, and the log says what is missing.
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
  summary: "Gives recipients other names, or makes several of one.",
  options: aliasOptions,
  create: aliasesBy,
  example: "alias: { webmaster@example.net: joe, sales: [joe, jane] }",
  part: "asks again",
});

/** The handler for the aliases of options. */
export function aliasesBy(options: AliasOptions): Handler {
  if (!isFile(options)) return aliasBy(tableOf(options));
  const file = new Watched(options.file, parseAliases, new AliasTable());
  const aliases = aliasBy({
    find: (recipient) => file.value.find(recipient),
    catchAll: (recipient) => file.value.catchAll(recipient),
  });
  return deferring(file, aliases);
}

/** As {@linkcode alias}, with the aliases kept anywhere. Mail is relayed to whatever domains they lead to. */
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
 * Asks for each member in turn and makes one reply of theirs. Mail for members that are elsewhere is relayed. Where
 * others get the mail, the log warns of each member that is refused.
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
 * True if nobody here takes the member's mail. One in the recipient's domain may have that domain from the client, who
 * could otherwise have mail sent on to any domain.
 */
const isElsewhere = (member: Mailbox, recipient: Mailbox, answer: Reply): boolean =>
  isRelayingDenied(answer) && !isSameName(member.domain, recipient.domain);
