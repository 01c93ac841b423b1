/**
 * Reports to senders of what became of their messages (RFC 3464): bounces, delays, and what they wanted to know.
 * @module
 */
import { Buffer } from "node:buffer";
import libmime from "libmime";
import { messageFields } from "../../handler/log_fields.ts";
import type { Log } from "../../log/event.ts";
import { headerField } from "../../message/header.ts";
import { dateTime } from "../../message/received.ts";
import { isAscii } from "../../smtp/unicode.ts";
import type { Message } from "../../targets/target.ts";
import type { PlainParameters } from "../../smtp/parameters.ts";
import type { QueuedMessage } from "../entry.ts";
import { envelopeOf } from "../plain.ts";
import { type About, type Notice, type Telling, tellings } from "./notice.ts";
import { readReturned, type Returned, returnedPart } from "./original.ts";
import { parameter } from "./parameter.ts";
import { type Part, printPart } from "./part.ts";
import { encodingOf } from "./quoted.ts";
import { statusPart } from "./status_part.ts";
import { textPart } from "./text_part.ts";
import { LANGUAGES, type Words } from "./words.ts";

/** How reports are made. */
export interface ReportSettings {
  readonly words: Words;
  /** Who is told that mail with the null sender has failed. */
  readonly doubleBounces: "postmaster" | "drop";
  /** The most octets of a message that is returned whole. */
  readonly returnSize: number;
  /** The mailbox that reports are from; by default `MAILER-DAEMON` at the server's own name. */
  readonly from: string | undefined;
}

export const DEFAULT_REPORTS: ReportSettings = {
  words: LANGUAGES.en,
  doubleBounces: "postmaster",
  returnSize: 50_000,
  from: undefined,
};

/** A message that the server sends, with the null sender. */
export interface Report {
  readonly about: About;
  /** The recipient: the sender of the message, or `postmaster`. */
  readonly to: string;
  /** The parameters of MAIL that it is sent with. */
  readonly parameters: PlainParameters;
  /** The content of its field `Message-ID`. */
  readonly messageId: string;
  /** The whole message. */
  readonly octets: Uint8Array;
}

/**
 * The reports of one message: one for all recipients of which the same is told. There are none for whom nobody wants
 * to be told of.
 *
 * @param notices what became of recipients of the message
 * @param now milliseconds since the epoch
 */
export async function reports(
  message: QueuedMessage,
  notices: readonly Notice[],
  original: Message,
  { settings, now, log }: {
    readonly settings: ReportSettings;
    readonly now: number;
    readonly log: Log;
  },
): Promise<readonly Report[]> {
  const all: Report[] = [];
  for (const telling of tellings(message, notices)) {
    if (telling.about === "double-bounce" && isDropped(message, settings)) {
      logDropped(message, telling, log);
      continue;
    }
    const full = isAboutFailure(telling.about) && ret(message) !== "HDRS";
    const returned = await readReturned(original, { full, limit: settings.returnSize });
    all.push(compose(message, telling, returned, { settings, now }));
  }
  return all;
}

/** The report of a double bounce that fails is not told of once more. */
const isDropped = ({ origin }: QueuedMessage, { doubleBounces }: ReportSettings): boolean =>
  doubleBounces === "drop" || origin.made === ("double-bounce" satisfies About);

function logDropped(message: QueuedMessage, { notices }: Telling, log: Log): void {
  const reasons = notices.map(({ attempt: { outcome } }) => outcome.reason);
  log("double bounce dropped", {
    ...messageFields(envelopeOf(message)),
    recipients: notices.map(({ recipient: { recipient } }) => `<${recipient}>`),
    reason: [...new Set(reasons)].join("; "),
  });
}

const isAboutFailure = (about: About): boolean => about === "bounce" || about === "double-bounce";

const ret = ({ parameters }: QueuedMessage) => parameter(parameters, "RET");

function compose(
  message: QueuedMessage,
  telling: Telling,
  returned: Returned,
  { settings, now }: { readonly settings: ReportSettings; readonly now: number },
): Report {
  const { hostname } = message.origin;
  const { words, from = `MAILER-DAEMON@${hostname}` } = settings;
  const utf8 = needsUtf8(message, telling, returned);
  const { subject, part } = textPart(message, telling, returned, words);
  const parts = [part, statusPart(message, telling.notices, utf8), returnedPart(returned, utf8)];
  const is8bit = parts.some(({ encoding }) => encoding === "8bit");
  const boundary = `=_${crypto.randomUUID()}`;
  const messageId = `<${crypto.randomUUID()}@${hostname}>`;
  const fields = {
    "Date": dateTime(now),
    "From": `${phrase(words.sender)} <${from}>`,
    "To": message.sender ?? `postmaster@${hostname}`,
    "Subject": foldedWords(subject),
    "Message-ID": messageId,
    ...threadOf(message),
    "Auto-Submitted": "auto-replied",
    "MIME-Version": "1.0",
    "Content-Type": "multipart/report; report-type=" +
      `${utf8 ? "global-delivery-status" : "delivery-status"}; boundary="${boundary}"`,
    "Content-Transfer-Encoding": is8bit ? "8bit" : "7bit",
  };
  return {
    about: telling.about,
    to: message.sender ?? "postmaster",
    parameters: {
      ...is8bit ? { BODY: "8BITMIME" } : {},
      ...utf8 ? { SMTPUTF8: null } : {},
      ...parameter(message.parameters, "REQUIRETLS") === true ? { REQUIRETLS: null } : {}, // RFC 8689 section 5
    },
    messageId,
    octets: print(fields, parts, boundary),
  };
}

/** The report needs SMTPUTF8 (RFC 6533) if the message came with it, and has something that only it can show. */
function needsUtf8(
  { sender, parameters }: QueuedMessage,
  { notices }: Telling,
  { header }: Returned,
): boolean {
  if (!("SMTPUTF8" in parameters)) return !isAscii(sender ?? "");
  const addresses = notices.flatMap(({ recipient: { recipient, original = "", parameters } }) => [
    recipient,
    original,
    parameter(parameters, "ORCPT")?.address ?? "",
  ]);
  return ![sender ?? "", ...addresses].every(isAscii) ||
    encodingOf(header.toString("latin1")) !== "7bit";
}

/** The fields that tie the report to the message, for readers of mail. */
function threadOf({ messageId = "" }: QueuedMessage): Readonly<Record<string, string>> {
  return /^<[!-;=?-~]{1,900}>$/.test(messageId)
    ? { "In-Reply-To": messageId, "References": messageId }
    : {};
}

/** A text for a field: as encoded words (RFC 2047), in lines that are not too long, if it is not plain. */
export const foldedWords = (
  text: string,
  isPlain = isAscii(text) && !text.includes("=?"),
): string => isPlain ? text : libmime.encodeWord(text, "Q", 52).replace(/\?= =\?/g, "?=\r\n =?");

/** The name of a mailbox (RFC 5322 section 3.2.5). */
export const phrase = (name: string): string =>
  foldedWords(name, /^[\w !#$%&'*+\-/=?^`{|}~]+$/.test(name));

function print(
  fields: Readonly<Record<string, string>>,
  parts: readonly Part[],
  boundary: string,
): Uint8Array {
  const header = Object.entries(fields).map(([name, value]) => field(name, value)).join("");
  const body = parts.map((part) => `\r\n--${boundary}\r\n${printPart(part)}`).join("");
  return Buffer.concat([
    Buffer.from(header),
    Buffer.from(`${body}\r\n--${boundary}--\r\n`, "latin1"),
  ]);
}

/** A field, perhaps folded. */
export const field = (name: string, value: string): string =>
  value.split("\r\n").map((line, i) => i === 0 ? headerField(name, line) : `${line}\r\n`).join("");
