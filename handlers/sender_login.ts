/**
 * The senders that users may use.
 * @module
 */
import {
  asAscii,
  chain,
  type HandlerFactory,
  Mailbox,
  on,
  readHeader,
  type Reply,
  say,
  type Session,
} from "postmaster";
import { defineHandler, kinds, Watched, z } from "postmaster/making";
import { type Authors, authorsOf } from "./authors.ts";
import { LIMIT, TOO_BIG } from "./held_header.ts";
import {
  mailboxOwner,
  mailboxReaders,
  ownersIn,
  type OwnersOf,
  type OwnerTable,
  ownerTable,
  parseOwned,
  parseOwners,
} from "./sender_owners.ts";

/** The options of {@linkcode senderLogin}. */
export interface SenderLoginOptions {
  /** The addresses that each user may use; `@example.net` is the rest of a domain. */
  readonly users?: Readonly<Record<string, string | readonly string[]>>;
  /** A file with `address user, user` a line. */
  readonly file?: string;
  /** Users may use what leads to their own mailbox; by default without `users` and `file`. */
  readonly mailboxes?: boolean;
  /** Strangers may use the addresses of users. */
  readonly strangers?: boolean;
}

const address = kinds.text("an address such as joe@example.net", parseOwned);
const options = kinds.options({
  users: z.record(z.string(), kinds.oneOrMore(address), {
    error: "a mapping such as `joe: [joe@example.net, sales@example.net]`",
  }).optional().describe(
    "The addresses that each user may use; `@example.net` is the rest of a domain.",
  ).meta({ examples: [{ joe: ["joe@example.net", "@example.org"], jane: "jane@example.net" }] }),
  file: kinds.file(parseOwners).optional().describe("A file with `address user, user` a line.")
    .meta({ examples: ["/etc/postmaster/senders"] }),
  mailboxes: z.boolean().optional().describe(
    "Users may use what leads to their own mailbox; by default without `users` and `file`.",
  ),
  strangers: z.boolean().default(true).describe("Strangers may use the addresses of users."),
}).refine(({ users, file }) => users === undefined || file === undefined, {
  error: "the addresses are in `users` or in `file`: keep one of the two",
}).refine(({ users, file, mailboxes = true }) => mailboxes || (users ?? file) !== undefined, {
  error: "nobody could send: give `users` or `file`",
  path: ["mailboxes"],
}).prefault({});

const IN_DOUBT = say(4, 5, 1, "cannot look up senders at the moment", "4.3.0");
const STRANGER = say(5, 5, 3, "authenticate to use this sender", "5.7.1");

/**
 * Decides which senders an authenticated user may use, in MAIL (`553 5.7.1`) and in the message (`550 5.7.1`). Without
 * options, those whose mail the handlers would deliver to the mailbox of the user alone: also aliases and extensions.
 *
 * The message must have one field `From`. The user must be allowed to use the address in it; of several addresses
 * each, or one of them and that in `Sender`. The address in `Sender` must always be allowed. Fields that programs
 * could read in different ways are refused. The null sender of notices is for all users; `From` is checked.
 *
 * @example
 * ```ts
 * import { senderLogin } from "postmaster/handlers";
 *
 * export default senderLogin({ users: { joe: ["joe@example.net", "@example.org"] } });
 * ```
 */
export const senderLogin: HandlerFactory<SenderLoginOptions | undefined> = defineHandler({
  name: "sender-login",
  summary: "Decides which senders an authenticated user may use.",
  options,
  create: ({ users, file, mailboxes, strangers }) => {
    const inTable = tableOf(users, file);
    const isByMailbox = mailboxes ?? inTable === undefined;
    const owners = [...inTable ? [inTable] : [], ...isByMailbox ? [mailboxOwner] : []];
    const readers = [...inTable ? [inTable] : [], ...isByMailbox ? [mailboxReaders] : []];
    /** Whether the client may use an address; `undefined` while that cannot be told. */
    const mayUse = async (mailbox: Mailbox, session: Session): Promise<boolean | undefined> => {
      const { user } = session;
      if (user === undefined) {
        const isTaken = await isFound(readers, mailbox, session, ({ size }) => size > 0);
        return isTaken === undefined ? undefined : !isTaken;
      }
      const names = [user, ...isByMailbox ? await namesOf(user, session) : []];
      return await isFound(
        owners,
        mailbox,
        session,
        (users) => names.some((one) => users.has(one)),
      );
    };
    return chain(
      on("SetMailFrom", async ({ mailbox }, next, session) => {
        const { user } = session;
        if (mailbox === null || (user === undefined && strangers)) return await next();
        const may = await mayUse(mailbox, session);
        if (may) return await next();
        if (may === undefined) return IN_DOUBT;
        return user === undefined ? STRANGER : notYours(3, "MAIL", mailbox);
      }),
      on("Deliver", async (event, next, session) => {
        if (session.user === undefined) return await next();
        const { header, body } = await readHeader(event.body, { limit: LIMIT });
        if (!header.complete) return TOO_BIG;
        const authors = authorsOf(header);
        if (typeof authors === "string") return say(5, 5, 0, authors, "5.7.1");
        const refusal = await refusalOf(authors, (mailbox) => mayUse(mailbox, session));
        return refusal ?? await next({ ...event, body });
      }),
    );
  },
  example:
    "sender-login: { users: { joe: [joe@example.net, sales@example.net], jane: jane@example.net } }",
  part: "asks again",
});

/** The refusal of a message by its authors; `undefined` if the user may write for them. */
async function refusalOf(
  { from, sender }: Authors,
  mayUse: (mailbox: Mailbox) => Promise<boolean | undefined>,
): Promise<Reply | undefined> {
  const addresses = sender === undefined ? from : [sender, ...from];
  const others: Mailbox[] = [];
  for (const mailbox of addresses) {
    const may = await mayUse(mailbox);
    if (may === undefined) return IN_DOUBT;
    if (!may) others.push(mailbox);
  }
  const [other] = others;
  if (other === undefined) return undefined;
  const isSenderOther = other === sender;
  const isSentForOthers = sender !== undefined && !isSenderOther && others.length < from.length;
  return isSentForOthers ? undefined : notYours(0, isSenderOther ? "Sender" : "From", other);
}

const notYours = (detail: 0 | 3, where: string, mailbox: Mailbox): Reply =>
  say(5, 5, detail, asAscii(`you may not use ${mailbox} in ${where}`).slice(0, 490), "5.7.1"); // a line has no more

/** What the options say of addresses; `undefined` if they say nothing. */
function tableOf(
  users: Readonly<Record<string, readonly string[]>> | undefined,
  path: string | undefined,
): OwnersOf | undefined {
  if (users !== undefined) {
    const table = ownerTable(
      Object.entries(users).flatMap(([user, all]) => all.map((one) => [one, user] as const)),
    );
    return (mailbox) => ownersIn(table, mailbox);
  }
  if (path === undefined) return undefined;
  const file = new Watched<OwnerTable>(path, parseOwners, new Map());
  return (mailbox) => {
    const owners = ownersIn(file.value, mailbox);
    return owners.size === 0 && file.trouble !== undefined ? undefined : owners;
  };
}

/** Whether one of the sources has owners that are wanted; `undefined` if the rest of them cannot tell. */
async function isFound(
  sources: readonly OwnersOf[],
  mailbox: Mailbox,
  session: Session,
  isWanted: (owners: ReadonlySet<string>) => boolean,
): Promise<boolean | undefined> {
  let found: false | undefined = false;
  for (const source of sources) {
    const owners = await source(mailbox, session);
    if (owners === undefined) found = undefined;
    else if (isWanted(owners)) return true;
  }
  return found;
}

/** The owner of the mailbox that a user means who logs in with an address. */
async function namesOf(user: string, session: Session): Promise<readonly string[]> {
  const login = user.includes("@") ? Mailbox.tryParse(user) : undefined;
  return login === undefined ? [] : [...await mailboxOwner(login, session) ?? []];
}
