/**
 * What the handlers and targets of a fuzzed server make of senders, recipients and messages.
 * @module
 */
import type { Address } from "./grammar.ts";
import type { Limits } from "../../src/server/limits.ts";
import { faultInText, guarded, headerOf, type Text } from "./message.ts";
import { DOMAIN, type Ending, type Recipient, RECIPIENTS, SENDERS, type World } from "./world.ts";

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
  /** The codes of the replies for each recipient, where each has one. */
  readonly each: readonly number[];
  /** The local parts of those who get it. */
  readonly gets: ReadonlySet<string>;
  /** What they get below `Received`. */
  readonly body: string;
}

/** What becomes of a message. */
export function fateOfMessage(
  { limits }: World,
  text: Text,
  sender: Address | null,
  recipients: readonly Address[],
): Fate {
  const body = guarded(text.text);
  const ends = (code: number): Fate => ({
    code,
    each: recipients.map(() => code),
    gets: new Set(),
    body,
  });
  const refused = faultInText(text, limits) ?? ANSWERS[endingOf(sender)] ??
    faultInHeader(body, limits);
  if (refused !== undefined) return ends(refused);
  const fates = recipients.map((recipient) => fateOf(recipient)!);
  const gets = new Set(fates.flatMap((fate) => "gets" in fate ? fate.gets : []));
  return { code: together(fates), each: fates.map((fate) => together([fate])), gets, body };
}

/** One code for what becomes of several recipients. */
function together(fates: readonly Recipient[]): number {
  if (fates.some((fate) => "ends" in fate && fate.ends !== "failed")) return 451;
  return fates.some((fate) => "gets" in fate) ? 250 : 554;
}

/** The codes of the refusals that a message may get before it has come whole. */
export function earlyAnswers({ limits }: World, text: string, sender: Address | null): number[] {
  const answer = ANSWERS[endingOf(sender)];
  if (answer !== undefined) return answer < 400 ? [] : [answer];
  const { received } = headerOf(text);
  return [
    ...text.length + MOST_ADDED > limits.headerSize ? [552] : [],
    ...received > limits.received ? [554] : [],
  ];
}

/** More octets than the server adds to a header. */
const MOST_ADDED = 200;

const endingOf = (sender: Address | null): Ending => {
  const ending = SENDERS.get(sender?.local ?? "");
  return typeof ending === "string" ? ending : "delivered";
};

/** The codes of the replies to messages that no target sees. */
const ANSWERS: { readonly [E in Ending]?: number } = {
  "discarded": 250,
  "refused unread": 550,
  "refused early": 554,
  "broken": 451,
  "hanging": 451,
};

function faultInHeader(body: string, limits: Limits): number | undefined {
  const { size, received } = headerOf(body);
  if (size > limits.headerSize) return 552;
  return received > limits.received ? 554 : undefined;
}
