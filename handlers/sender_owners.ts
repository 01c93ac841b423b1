/**
 * The users to whom addresses of senders belong.
 * @module
 */
import {
  isTransient,
  Mailbox,
  type MaybePromise,
  type Route,
  routeKey,
  type Session,
} from "postmaster";
import { domainKey, parseAliasKey } from "./alias_table.ts";
import { readLines } from "./lines.ts";

/** The users of an address; `undefined` while that cannot be told. */
export type OwnersOf = (
  mailbox: Mailbox,
  session: Session,
) => MaybePromise<ReadonlySet<string> | undefined>;

/** Users by what they may use: `joe@example.net`, or `@example.net` for the rest of a domain, in lower case. */
export type OwnerTable = ReadonlyMap<string, ReadonlySet<string>>;

/** The users that a table has for an address. */
export const ownersIn = (table: OwnerTable, { foldedKey, domain }: Mailbox): ReadonlySet<string> =>
  table.get(foldedKey) ?? table.get(domainKey(domain)) ?? new Set();

/**
 * The address of a table in lower case.
 *
 * @param text `joe@example.net`, or `@example.net` for the rest of a domain
 * @throws {TypeError} for anything else
 */
export function parseOwned(text: string): string {
  const key = parseAliasKey(text);
  if (!key.endsWith("@")) return key;
  throw new TypeError(`\`${text}\` has no domain: write ${text}@example.net, or @example.net`);
}

/** Makes a table of addresses with their users. */
export function ownerTable(entries: Iterable<readonly [string, string]>): OwnerTable {
  const table = new Map<string, Set<string>>();
  for (const [address, user] of entries) {
    const users = table.get(address) ?? new Set();
    table.set(address, users.add(user));
  }
  return table;
}

/** Reads a file with `address user, user` a line, the format of Postfix's `smtpd_sender_login_maps`. */
export function parseOwners(text: string, file: string): OwnerTable {
  return ownerTable(
    readLines(text, file, (line) => {
      const [address = "", ...users] = line.split(/[\s,]+/).filter((word) => word !== "");
      if (users.length === 0) {
        throw new TypeError(`\`${line}\` is no address with its users: write joe@example.net joe`);
      }
      const owned = parseOwned(address);
      return users.map((user) => [owned, user] as const);
    }).flat(),
  );
}

/** The user with this mailbox, or the only one to whose mailbox aliases lead from it. */
export const mailboxOwner: OwnersOf = async (mailbox, session) => {
  const routes = await routesOf(mailbox, session);
  if (routes === undefined) return undefined;
  const direct = routes.find(({ recipient }) => isSame(recipient, mailbox))?.user;
  if (direct !== undefined) return new Set([direct]);
  const users = usersOf(routes);
  const [[user, inbox] = [], ...others] = users;
  if (user === undefined || inbox === undefined || others.length > 0) return new Set();
  const forwarded = routes.filter((route) => route.user === undefined);
  if (forwarded.length === 0) return new Set([user]);
  const copies = await routesOf(inbox, session);
  const keys = new Set(copies?.map(routeKey));
  return copies && new Set(forwarded.every((route) => keys.has(routeKey(route))) ? [user] : []);
};

/** All users whose mailboxes get mail for an address, also by lists. */
export const mailboxReaders: OwnersOf = async (mailbox, session) => {
  const routes = await routesOf(mailbox, session);
  return routes && new Set(usersOf(routes).keys());
};

/** The users of routes, each with the mailbox that his mail came by. */
const usersOf = (routes: readonly Route[]): ReadonlyMap<string, Mailbox> =>
  new Map(
    routes.flatMap(({ user, recipient }) => user === undefined ? [] : [[user, recipient] as const]),
  );

async function routesOf(mailbox: Mailbox, session: Session): Promise<readonly Route[] | undefined> {
  const reply = await session.trigger({ type: "AddRcptTo", mailbox, parameters: new Map() });
  return isTransient(reply) ? undefined : reply.routes?.filter(({ copy }) => !copy) ?? [];
}

const isSame = (one: Mailbox, other: Mailbox): boolean => one.foldedKey === other.foldedKey;
