/**
 * What became of a message, for programs (RFC 3464 section 2, RFC 6533 section 4).
 * @module
 */
import { Buffer } from "node:buffer";
import type { Remote } from "../../handler/outcome.ts";
import { dateTime } from "../../message/received.ts";
import type { OriginalRecipient } from "../../smtp/dsn.ts";
import { isDomain } from "../../smtp/mailbox.ts";
import { isAscii } from "../../smtp/unicode.ts";
import { encodeUtf8Xtext } from "../../smtp/xtext.ts";
import type { QueuedMessage } from "../entry.ts";
import type { Notice } from "./notice.ts";
import { parameter } from "./parameter.ts";
import type { Part } from "./part.ts";
import { fieldText } from "./quoted.ts";

/** Names and values of fields; a field without a value is left out. */
type Fields = Readonly<Record<string, string | undefined>>;

/**
 * The part for programs.
 *
 * @param utf8 whether the report has the forms of RFC 6533
 */
export function statusPart(
  message: QueuedMessage,
  notices: readonly Notice[],
  utf8: boolean,
): Part {
  const blocks = [ofMessage(message), ...notices.map((notice) => ofRecipient(notice, utf8))];
  const text = blocks.map(printFields).join("\r\n");
  return {
    type: utf8 ? "message/global-delivery-status" : "message/delivery-status",
    description: "Delivery report",
    encoding: isAscii(text) ? "7bit" : "8bit",
    content: Buffer.from(text).toString("latin1"),
  };
}

const printFields = (fields: Fields): string =>
  Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}\r\n`]
  ).join("");

function ofMessage({ id, accepted, parameters, origin }: QueuedMessage): Fields {
  const helo = origin.helo?.name ?? "";
  return {
    "Original-Envelope-Id": parameter(parameters, "ENVID"),
    "Reporting-MTA": `dns; ${origin.hostname}`,
    "X-Postmaster-Queue-ID": id,
    "Received-From-MTA": isDomain(helo) ? `dns; ${helo}` : undefined,
    "Arrival-Date": dateTime(accepted),
  };
}

function ofRecipient({ recipient, action, attempt, until }: Notice, utf8: boolean): Fields {
  const { outcome, time } = attempt;
  const isBad = outcome.result !== "delivered";
  const { remote } = outcome;
  const original = originalOf(recipient);
  return {
    "Original-Recipient": original && address(original, utf8),
    "Final-Recipient": address(typed(recipient.recipient), utf8),
    "Action": action,
    "Status": isBad ? outcome.status : "2.0.0",
    "Remote-MTA": remote && isDomain(remote.name) ? `dns; ${remote.name}` : undefined,
    "Diagnostic-Code": isBad || remote ? diagnosis(outcome.reason, remote) : undefined,
    "Last-Attempt-Date": dateTime(time),
    "Will-Retry-Until": action === "delayed" && until !== undefined ? dateTime(until) : undefined,
  };
}

const diagnosis = (reason: string, remote: Remote | undefined): string =>
  remote === undefined ? `x-postmaster; ${fieldText(reason)}` : `smtp; ${fieldText(remote.reply)}`;

/** The recipient that the sender has named, if that is not the one that the mail went to. */
function originalOf(
  { parameters, original, recipient }: Notice["recipient"],
): OriginalRecipient | undefined {
  const known = parameter(parameters, "ORCPT");
  if (known !== undefined) return known;
  return original === undefined || original === recipient ? undefined : typed(original);
}

const typed = (mailbox: string): OriginalRecipient => ({
  type: isAscii(mailbox) ? "rfc822" : "utf-8",
  address: mailbox,
});

const address = ({ type, address }: OriginalRecipient, utf8: boolean): string =>
  `${type};${type === "utf-8" && !utf8 ? encodeUtf8Xtext(address) : address}`;
