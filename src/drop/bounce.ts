/**
 * Tells senders of messages in the drop directory that were refused: these have never been in the queue, which tells of
 * all others.
 * @module
 */
import { newId } from "../base/id.ts";
import { messageFields } from "../handler/log_fields.ts";
import type { Log } from "../log/event.ts";
import type { Message } from "../message/message.ts";
import { messageIdOf } from "../message/message_id.ts";
import type { QueuedMessage } from "../queue/entry.ts";
import { envelopeOf } from "../queue/plain.ts";
import { pathOf } from "../smtp/mailbox.ts";
import { parametersOf, plainParameters } from "../smtp/parameters.ts";
import type { Notice } from "../queue/report/notice.ts";
import { type Report, reports, type ReportSettings } from "../queue/report/report.ts";
import { localUser } from "./local_account.ts";
import {
  type Handed,
  send,
  type Taken,
  type TakenRecipient,
  type TakingOptions,
} from "./taking.ts";

/** What telling needs. */
export interface BounceOptions extends TakingOptions {
  readonly reports: ReportSettings;
  readonly log: Log;
}

/**
 * Tells the sender of recipients that have failed; the postmaster, if the sender cannot be told.
 *
 * @returns whether everybody who is to be told was
 */
export async function bounce(
  handed: Handed,
  taken: Taken,
  failed: readonly TakenRecipient[],
  options: BounceOptions,
): Promise<boolean> {
  const { sender } = taken;
  const about = await messageOf(handed, taken, options);
  const notices = failed.map((recipient) => noticeOf(about, recipient));
  const told = await tell(about, notices, handed.message, options);
  return told || sender !== null &&
      await tell({ ...about, sender: null }, notices, handed.message, options);
}

/** Sends the reports. */
async function tell(
  about: QueuedMessage,
  notices: readonly Notice[],
  body: Message,
  options: BounceOptions,
): Promise<boolean> {
  const { reports: settings, log } = options;
  const made = await reports(about, notices, body, { settings, now: Date.now(), log });
  const server = await localUser(Deno.uid() ?? 0);
  for (const report of made) {
    const mail = mailOf(report);
    const sent = await send(mail, server, options);
    if (sent.some(({ outcome }) => outcome.result !== "delivered")) return false;
    const of = messageFields(envelopeOf({ ...about, sender: null }));
    log("reported", { ...of, recipient: `<${report.to}>`, about: about.id, text: report.about });
  }
  return true;
}

function mailOf({ to, parameters, octets }: Report) {
  const message: Message = {
    size: octets.length,
    async *read() {
      yield await Promise.resolve(octets);
    },
  };
  const none = parametersOf({});
  const recipient = { mailbox: pathOf(to)!, parameters: none, original: undefined };
  return { sender: null, parameters: parametersOf(parameters), recipients: [recipient], message };
}

async function messageOf(
  { user, message, since }: Handed,
  { sender, parameters }: Taken,
  { hostname }: BounceOptions,
): Promise<QueuedMessage> {
  return {
    ...{ id: newId(), accepted: since, size: message.size, priority: 0 },
    sender: sender && String(sender),
    parameters: plainParameters(parameters),
    messageId: await messageIdOf(message),
    origin: {
      ...{ session: "none", hostname, peer: "unix", port: 0, helo: undefined, tls: undefined },
      listener: { address: "local", kind: "local" },
      user: user.name,
      localUser: user,
    },
  };
}

function noticeOf(
  { id }: QueuedMessage,
  { written, mailbox, parameters, outcome }: TakenRecipient,
): Notice {
  const time = Date.now();
  const attempt = { time, took: 0, outcome, plan: undefined };
  return {
    action: "failed",
    attempt,
    recipient: {
      ...{ key: 0, message: id, attempts: 1, warned: false, refusal: undefined, copy: false },
      ...{ user: undefined, extension: undefined, decidedBy: undefined, last: attempt },
      ...{ destination: "local", target: { target: "local", args: {} }, original: written },
      recipient: mailbox === undefined ? written : String(mailbox),
      parameters: plainParameters(parameters),
      state: { at: "ended", ending: "failed", time },
    },
  };
}
