/**
 * Takes one message of the drop directory: it goes through the handlers in a session of its owner's, as all mail does.
 * @module
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { tried } from "../base/tried.ts";
import { ClientSession, type Sent } from "../client/session.ts";
import type { Mail } from "../client/mail.ts";
import { TIMEOUTS } from "../client/timeouts.ts";
import type { LocalUser } from "../handler/session.ts";
import type { Outcome } from "../handler/outcome.ts";
import type { Message } from "../message/message.ts";
import { Mailbox, parsePath } from "../smtp/mailbox.ts";
import { NO_PARAMETERS, type Parameters } from "../smtp/parameters.ts";
import { STRICT, type Tolerance } from "../smtp/tolerance.ts";
import { encodeXtext } from "../smtp/xtext.ts";
import type { DropEnvelope } from "./envelope.ts";

/** What begins a session with a user of this machine, and gives the client's end of it. */
export type OpenSession = (user: LocalUser) => Duplex;

/** Whose mail may have another sender than the user who hands it over: names of users, and their IDs. */
export type Trusted = "everyone" | readonly (string | number)[];

/** What taking messages needs. */
export interface TakingOptions {
  readonly open: OpenSession;
  /** The server's own name. */
  readonly hostname: string;
  /** The domain of users without one. */
  readonly domain: string;
  readonly trusted: Trusted;
}

/** A message with its envelope. */
export interface Handed {
  readonly user: LocalUser;
  readonly envelope: DropEnvelope;
  readonly message: Message;
  /** Since when it waits, in milliseconds since the epoch. */
  readonly since: number;
}

/** What became of a message. */
export interface Taken {
  readonly sender: Mailbox | null;
  readonly parameters: Parameters;
  /** In the order of the envelope. */
  readonly recipients: readonly TakenRecipient[];
}

/** What became of a recipient. */
export interface TakenRecipient {
  /** As the envelope has it. */
  readonly written: string;
  readonly mailbox: Mailbox | undefined;
  readonly parameters: Parameters;
  readonly outcome: Outcome;
}

/**
 * Puts a message to the handlers.
 *
 * @param refusal what becomes of all its recipients without that
 */
export async function take(
  handed: Handed,
  refusal: Outcome | undefined,
  options: TakingOptions,
): Promise<Taken> {
  const { user, envelope, message, since } = handed;
  const sender = senderOf(handed, options);
  const parameters = textParameters({
    RET: envelope.ret,
    ENVID: envelope.envid && encodeXtext(envelope.envid),
  });
  const ofRecipient = textParameters({ NOTIFY: envelope.notify });
  const named = envelope.recipients.map((written) => (
    { written, mailbox: mailboxOf(written, options.domain), parameters: ofRecipient }
  ));
  const recipients = named.flatMap(({ mailbox, parameters }) =>
    mailbox === undefined ? [] : [{ mailbox, parameters, original: undefined }]
  );
  const isWanted = refusal === undefined && recipients.length > 0;
  const mail = { sender, parameters, recipients, message, accepted: since };
  const sent = isWanted ? (await send(mail, user, options)).values() : undefined;
  const outcomeOf = (mailbox: Mailbox | undefined): Outcome =>
    mailbox === undefined ? BAD : sent?.next().value?.outcome ?? refusal!;
  return {
    ...{ sender, parameters },
    recipients: named.map((one) => ({ ...one, outcome: outcomeOf(one.mailbox) })),
  };
}

const BAD: Outcome = {
  ...{ result: "failed", status: "5.1.3", kind: "mailbox" },
  reason: "this is no address",
};

/** Sends a message in a session of a user's. */
export async function send(
  mail: Mail,
  user: LocalUser,
  { open, hostname }: Pick<TakingOptions, "open" | "hostname">,
): Promise<readonly Sent[]> {
  const socket = open(user) as Socket; // of what a socket has more, nothing is used without TLS
  const { signal } = new AbortController(); // the session has the deadlines of all sessions
  const session = await ClientSession.open({ socket, address: "unix" }, {
    hop: { scheme: "smtp", host: hostname, port: 0 },
    name: hostname,
    requirement: { level: "none" },
    timeouts: TIMEOUTS,
    secure: () => Promise.reject(new Error("nothing is encrypted within this process")),
  }, signal);
  try {
    return await session.send(mail, signal);
  } finally {
    await session.quit();
  }
}

/** Only trusted users may say who the sender is; all may say that nobody is, as programs that answer by themselves do. */
function senderOf({ user, envelope: { sender } }: Handed, options: TakingOptions): Mailbox | null {
  const { trusted, domain } = options;
  const own = tried(() => new Mailbox(user.name, domain)) ?? null;
  if (sender === undefined) return own;
  if (sender === "") return null;
  const isTrusted = trusted === "everyone" || user.uid === 0 || user.uid === Deno.uid() ||
    trusted.includes(user.name) || trusted.includes(user.uid);
  const said = isTrusted ? mailboxOf(sender, domain) : undefined;
  return said ?? own;
}

/** What servers tolerate in domains. */
const TOLERANCE: Tolerance = { ...STRICT, underscores: true };

/** The mailbox of a text, with a domain if it has none; `undefined` for what is none. */
export function mailboxOf(written: string, domain: string): Mailbox | undefined {
  const parsed = parsePath(`<${written}>`, 0, TOLERANCE, domain);
  const isWhole = "mailbox" in parsed && parsed.end === `<${written}>`.length;
  return isWhole ? parsed.mailbox ?? undefined : undefined;
}

const textParameters = (texts: Readonly<Record<string, string | undefined>>): Parameters => {
  const said = Object.entries(texts).filter((entry): entry is [string, string] =>
    entry[1] !== undefined && /^[!-<>-~]+$/.test(entry[1])
  );
  return said.length === 0 ? NO_PARAMETERS : new Map(said);
};
