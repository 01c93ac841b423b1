/**
 * What became of a message, for people.
 * @module
 */
import { encode } from "../../smtp/ascii.ts";
import { isAscii } from "../../smtp/unicode.ts";
import { Header } from "../../message/fields.ts";
import type { QueuedMessage } from "../entry.ts";
import type { Notice, Telling } from "./notice.ts";
import type { Returned } from "./original.ts";
import { encodedPart, type Part } from "./part.ts";
import { oneLine } from "./quoted.ts";
import { fill, type Values } from "./template.ts";
import type { Words } from "./words.ts";

/** The subject of a report, and its part for people. */
export function textPart(
  message: QueuedMessage,
  { about, notices }: Telling,
  returned: Returned,
  words: Words,
): { readonly subject: string; readonly part: Part } {
  const values = valuesOf(message, notices, returned, words);
  const { subject, text } = words.texts[about];
  const filled = fill(text, values).replace(/\r?\n/g, "\r\n");
  const charset = isAscii(filled) ? "us-ascii" : "utf-8";
  return {
    subject: oneLine(fill(subject, values)),
    part: encodedPart(`text/plain; charset=${charset}`, "Notification", encode(filled)),
  };
}

function valuesOf(
  { id, sender, accepted, origin }: QueuedMessage,
  notices: readonly Notice[],
  { header, whole }: Returned,
  words: Words,
): Values {
  const until = Math.max(...notices.map(({ until }) => until ?? Infinity));
  return {
    hostname: origin.hostname,
    sender: sender ?? "",
    recipients: notices.map((notice) => describe(notice, words)).join("\n\n"),
    subject: oneLine(new Header(header).first("Subject")?.text ?? ""),
    date: dateFor(accepted, words),
    until: Number.isFinite(until)
      ? fill(words.until, { date: dateFor(until, words) })
      : words.later,
    attached: whole === undefined ? words.header : words.whole,
    "queue-id": id,
  };
}

/** One recipient: the address that the sender knows, and what became of its mail. */
function describe({ recipient, action, attempt: { outcome } }: Notice, words: Words): string {
  const reason = outcome.result === "delivered"
    ? outcome.reason
    : `${oneLine(outcome.reason)} (${outcome.status})`;
  const isExpired = action === "failed" && outcome.result === "deferred";
  const told = fill(words[isExpired ? "expired" : action], { reason });
  return `  ${recipient.original ?? recipient.recipient}\n      ${told}`;
}

/** A date and time for people, in UTC. */
const dateFor = (time: number, { language }: Words): string =>
  new Intl.DateTimeFormat(language, {
    ...{ day: "numeric", month: "long", year: "numeric" },
    ...{ hour: "2-digit", minute: "2-digit", timeZone: "UTC", timeZoneName: "short" },
  }).format(time);
