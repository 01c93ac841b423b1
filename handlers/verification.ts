/**
 * What VRFY and EXPN find out (RFC 5321 section 3.5).
 * @module
 */
import {
  isPositive,
  isTransient,
  isUnclaimed,
  Mailbox,
  type Reply,
  say,
  type Session,
} from "postmaster";

const NO_MAILBOX = say(5, 5, 3, "write a mailbox, or its part before the @", "5.1.3");
const UNKNOWN = say(5, 5, 0, "there is no such mailbox here", "5.1.1");
const UNSURE = say(2, 5, 2, "it cannot be verified: send mail and it will be tried", "2.5.2");
const NO_LIST = say(5, 5, 0, "this is a mailbox, and no list", "5.2.4");
const UNWRITABLE = say(2, 5, 2, "its address cannot be written in ASCII", "2.6.8");
const TOO_LONG = say(2, 5, 2, "too long to be shown: send mail and it will be tried", "2.5.2");

/**
 * The mailboxes that an argument may mean: `joe@example.net`, with or without angle brackets, is one; a local part
 * alone is one in each of `domains`. None if it is no mailbox.
 */
export function meant(argument: string, domains: readonly string[]): readonly Mailbox[] {
  const written = /^<(.*)>$/.exec(argument)?.[1] ?? argument;
  const whole = Mailbox.tryParse(written);
  if (whole !== undefined) return [whole];
  return domains.map((domain) => Mailbox.tryParse(`${written}@${domain}`))
    .filter((mailbox) => mailbox !== undefined);
}

/** A mailbox and the reply that RCPT would get for it. */
export interface Asked {
  readonly mailbox: Mailbox;
  readonly reply: Reply;
}

/** A mailbox that may be a list: with those that the handlers asked for in place of it. */
export interface AskedList extends Asked {
  readonly members: readonly Asked[];
}

/** Asks the whole chain what it would say to RCPT; `exact` is that of the event. */
export type Ask = (mailbox: Mailbox, exact: boolean) => Promise<AskedList>;

/** The one mailbox of several that is there, or the reply that says why there is none. */
export async function foundAmong(
  mailboxes: readonly Mailbox[],
  ask: Ask,
  session: Session,
): Promise<AskedList | Reply> {
  if (mailboxes.length === 0) return NO_MAILBOX;
  const asked: AskedList[] = [];
  for (const mailbox of mailboxes) asked.push(await ask(mailbox, true));
  const there = asked.filter(({ reply }) => isPositive(reply));
  const [only, another] = there;
  if (only !== undefined && another === undefined) return only;
  if (only !== undefined) {
    const several = there.map(({ mailbox }) => mailbox);
    const ambiguous = "ambiguous: say which of these";
    return naming(several, session, (lines) => say(5, 5, 3, [ambiguous, ...lines], "5.1.4"));
  }
  for (const mailbox of mailboxes) asked.push(await ask(mailbox, false));
  if (asked.some(({ reply }) => !isRefusal(reply))) return UNSURE;
  const other = asked.map(({ reply }) => reply).find((reply) => !isUnclaimed(reply));
  return other === undefined ? UNKNOWN : { ...other, code: 550 };
}

/** The reply to VRFY: a mailbox that is there, or why it is not. */
export const verified = (found: Asked | Reply, session: Session): Reply =>
  "code" in found ? found : naming([found.mailbox], session, named);

/** The reply to EXPN: the members of a list that get mail, at most so many; or why it has none. */
export function expanded(found: AskedList | Reply, most: number, session: Session): Reply {
  if ("code" in found) return found;
  const { mailbox: list, reply: { routes = [] }, members } = found;
  const getsMail = (one: Mailbox) => routes.some(({ recipient }) => recipient.equals(one));
  const shown = members.filter(({ mailbox, reply }) => isPositive(reply) || getsMail(mailbox))
    .map(({ mailbox }) => mailbox);
  if (shown.length === 0) return NO_LIST;
  if (getsMail(list)) shown.push(list); // a list may have itself as a member
  return naming(shown, session, (lines) => lines.length > most ? TOO_LONG : named(lines));
}

const named = (lines: readonly string[]): Reply => say(2, 5, 0, lines, "2.1.5");

const isRefusal = (reply: Reply): boolean => !isPositive(reply) && !isTransient(reply);

/** The reply with these mailboxes, a line for each; another one if ASCII cannot write them all. */
function naming(
  mailboxes: readonly Mailbox[],
  { hostname }: Session,
  reply: (lines: readonly string[]) => Reply,
): Reply {
  const lines = mailboxes.map((one) => {
    const whole = new Mailbox(one.local, one.domain || hostname);
    return `<${whole.isAscii ? whole : whole.key}>`; // the key has the domain in ASCII
  });
  return lines.every((line) => /^[ -~]*$/.test(line)) ? reply([...new Set(lines)]) : UNWRITABLE;
}
