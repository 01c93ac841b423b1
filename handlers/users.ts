/**
 * Users with a mailbox.
 * @module
 */
import {
  type EventOf,
  type Handler,
  isUnclaimed,
  Mailbox,
  mailer,
  type MaybePromise,
  named,
  type Next,
  on,
  type Reply,
  routeTo,
  say,
  type Session,
  type Target,
} from "postmaster";
import { messageOf, spellings, Watched } from "postmaster/making";
import { accept } from "./alias.ts";
import { IN_DOUBT, type Source } from "./in_doubt.ts";
import { readLines } from "./lines.ts";

/** A source of users. */
export interface Users extends Source {
  /** The user of this mailbox; `undefined` if there is none. The promise rejects if the source cannot tell. */
  find(mailbox: Mailbox): MaybePromise<string | undefined>;
  /** The user who gets the mail of unknown users of this domain. */
  catchAll?(mailbox: Mailbox): string | undefined;
}

/**
 * Accepts the recipients that are users, and passes on all others.
 *
 * @param deliver the target of a user; by default the mailer of the configuration
 */
export function usersBy(users: Users, deliver: (user: string) => Target = mailer): Handler {
  const answer = async (
    event: EventOf<"AddRcptTo">,
    next: Next<"AddRcptTo">,
    session: Session,
  ): Promise<Reply> => {
    const { mailbox, exact } = event;
    const give = (user: string) => accept([routeTo(event, deliver(user), user)]);
    const user = await lookUp(users, mailbox, session);
    if (typeof user === "object") {
      const reply = await next();
      return isUnclaimed(reply) ? IN_DOUBT : reply;
    }
    if (user !== undefined) return give(user);
    const reply = await next();
    const other = exact || !isUnclaimed(reply) ? undefined : users.catchAll?.(mailbox);
    return other === undefined ? reply : give(other);
  };
  return named("users", on("AddRcptTo", answer));
}

/** The user of a mailbox; `undefined` if there is none, {@linkcode IN_DOUBT} if the source cannot tell. */
async function lookUp(users: Users, mailbox: Mailbox, session: Session) {
  try {
    return await users.find(mailbox);
  } catch (error) {
    session.log("cannot look up a user", { recipient: `${mailbox}`, trouble: messageOf(error) });
    return IN_DOUBT;
  }
}

const UNKNOWN = say(5, 5, 0, "unknown recipient", "5.1.1");

/** As {@linkcode usersBy}, but refuses others. */
export function localUsers(users: Users): Handler {
  const known = usersBy(users);
  const answer = (event: EventOf<"AddRcptTo">, _next: Next<"AddRcptTo">, session: Session) =>
    known(event, () => UNKNOWN, session);
  return named("local-users", on("AddRcptTo", answer));
}

/** Users with a mailbox in every domain: each is found by the name as it is written, or in lower case. */
export interface LocalUsers extends Users {
  /** The source of the users, for people. */
  readonly source: string;
  /** The number of users that are known without a look-up. */
  readonly count: number;
  /** The user of this name. The promise is rejected if that cannot be told. */
  find(mailbox: Pick<Mailbox, "local">): MaybePromise<string | undefined>;
  /** True if there is a user of this name. The look-up blocks this thread. */
  isUser(local: string): boolean;
  /** True if there is, or may be, a user of this name, without a slow look-up. */
  mayBeUser(local: string): boolean;
}

/** Users of a list, or of a file with a name a line, which is read again when it changes. */
export class NamedUsers implements LocalUsers {
  readonly source: string;
  readonly #names: Pick<Watched<ReadonlySet<string>>, "value" | "trouble">;

  /**
   * Users of a list or of a file.
   *
   * @param from the names themselves, or the path of a file with a name a line; throws if that cannot be used
   */
  constructor(from: readonly string[] | string) {
    const isFile = typeof from === "string";
    this.source = isFile ? from : "a list";
    this.#names = isFile
      ? new Watched(from, parseNames)
      : { value: new Set(from.map((name) => name.normalize())), trouble: undefined };
  }

  get trouble(): string | undefined {
    return this.#names.trouble;
  }

  get count(): number {
    return this.#names.value.size;
  }

  find({ local }: Pick<Mailbox, "local">): string | undefined {
    const names = this.#names.value;
    return spellings(local).find((name) => names.has(name));
  }

  isUser(local: string): boolean {
    return this.find({ local }) !== undefined;
  }

  mayBeUser(local: string): boolean {
    return this.isUser(local);
  }
}

/** One name a line; `#` starts a comment. Throws a `ConfigError`. */
function parseNames(text: string, file: string): ReadonlySet<string> {
  return new Set(readLines(text, file, parseUserName).map((name) => name.normalize()));
}

/** A name that can be the local part of an address without quotes. Throws a TypeError for any other. */
export function parseUserName(name: string): string {
  if (isUserName(name)) return name;
  throw new TypeError(
    `\`${name}\` is no name of a local user: write the part of the address before the @`,
  );
}

/** True for what {@linkcode parseUserName} reads. */
export function isUserName(name: string): boolean {
  const address = `${name}@any.invalid`;
  return !name.startsWith("-") && Mailbox.tryParse(address)?.toString() === address;
}
