/**
 * What the handlers and targets of a fuzzed server make of senders, recipients and messages.
 * @module
 */
import type { Address } from "./grammar.ts";
import { guarded, headerOf, isMalformed, longestLine } from "./message.ts";
import { DOMAIN, type Recipient, RECIPIENTS, SENDERS, type World } from "./world.ts";

/** The code of the reply to MAIL. */
export function answerToSender(address: Address | null): number {
  const answer = SENDERS.get(address?.local ?? "");
  return typeof answer === "number" ? answer : 250;
}

/** The code of the reply to RCPT. */
export function answerToRecipient(address: Address): number {
  const fate = fateOf(address);
  if (fate === undefined) return 550;
  return "refused" in fate ? fate.refused : 250;
}

function fateOf({ local, domain }: Address): Recipient | undefined {
  if (domain === "") return RECIPIENTS.get("postmaster");
  return domain.toLowerCase() === DOMAIN ? RECIPIENTS.get(local) : undefined;
}

/** What becomes of a message. */
export interface Fate {
  /** The code of the reply. */
  readonly code: number;
  /** The local parts of those who get it. */
  readonly gets: ReadonlySet<string>;
  /** What they get below `Received`. */
  readonly body: string;
}

/**
 * What becomes of a message.
 *
 * @param sent the octets of the client
 * @param text the message without the dots of SMTP
 */
export function fateOfMessage(
  { limits }: World,
  sent: string,
  text: string,
  sender: Address | null,
  recipients: readonly Address[],
): Fate {
  const body = guarded(text);
  const ends = (code: number): Fate => ({ code, gets: new Set(), body });
  if (isMalformed(sent)) return ends(554);
  if (text.length > limits.messageSize) return ends(552);
  if (longestLine(text) > (limits.textLine ?? Infinity)) return ends(554);
  switch (SENDERS.get(sender?.local ?? "")) {
    case "discarded":
      return ends(250);
    case "refused unread":
      return ends(550);
    case "refused early":
      return ends(554);
    case "broken":
    case "hanging":
      return ends(451);
  }
  const header = headerOf(body);
  if (header.size > limits.headerSize) return ends(552);
  if (header.received > limits.received) return ends(554);
  const fates = recipients.map((recipient) => fateOf(recipient)!);
  const gets = new Set(fates.flatMap((fate) => "gets" in fate ? fate.gets : []));
  const isLater = fates.some((fate) => "ends" in fate && fate.ends !== "failed");
  return { code: isLater ? 451 : gets.size > 0 ? 250 : 554, gets, body };
}
