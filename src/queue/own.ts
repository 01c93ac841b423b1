/**
 * Messages that the server itself puts into the queue: reports to senders, and what handlers send.
 * @module
 */
import { newId } from "../base/id.ts";
import type { OwnMessage } from "../handler/own_message.ts";
import { messageFields } from "../handler/log_fields.ts";
import type { Log } from "../log/event.ts";
import type { Message } from "../targets/target.ts";
import { ROUTE } from "./attempt.ts";
import type { PlainParameters } from "../smtp/parameters.ts";
import type { Origin, QueuedMessage } from "./entry.ts";
import { envelopeOf } from "./plain.ts";
import type { Notice } from "./report/notice.ts";
import { composeOwn } from "./report/own_message.ts";
import { type Report, reports, type ReportSettings } from "./report/report.ts";
import type { NewMessage, QueueStore } from "./store.ts";

/** What made the messages of handlers, and those that the server tells others. */
const HANDLER = "handler";
const SERVER = "server";

/** A message of the server's own that is written already, and of which nobody wants to know what became of it. */
export interface WrittenMessage {
  /** The recipient. */
  readonly to: string;
  /** The content of its field `Message-ID`. */
  readonly messageId: string;
  /** The whole message. */
  readonly octets: Uint8Array;
}

/** What making messages needs. */
export interface OwnOptions {
  readonly store: Pick<QueueStore, "keep">;
  readonly settings: ReportSettings;
  /** The server's own name. */
  readonly hostname: string;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Makes messages. */
export class Own {
  readonly #options: OwnOptions;

  constructor(options: OwnOptions) {
    this.#options = options;
  }

  /** The messages that tell the sender of a message what became of it, for nobody to lose. */
  async reports(
    about: QueuedMessage,
    notices: readonly Notice[],
    body: Message,
  ): Promise<readonly NewMessage[]> {
    const { log, settings, now } = this.#options;
    const all = await reports(about, notices, body, { settings, now: now(), log });
    const made: NewMessage[] = [];
    try {
      for (const report of all) {
        const one = await this.#enter(report, report.about, about.origin.session);
        made.push(one);
        const of = messageFields(envelopeOf(one.message));
        log("reported", {
          ...of,
          recipient: `<${report.to}>`,
          about: about.id,
          text: report.about,
        });
      }
      return made;
    } catch (error) {
      for (const { body } of made) await body.dispose();
      throw error;
    }
  }

  /** A message of a handler. */
  async message(own: OwnMessage): Promise<NewMessage> {
    const { settings, hostname, now } = this.#options;
    return await this.#enter(
      composeOwn(own, { settings, hostname, now: now() }),
      HANDLER,
      "none",
    );
  }

  /** A message that is written already. */
  async written(message: WrittenMessage): Promise<NewMessage> {
    return await this.#enter({ ...message, parameters: {} }, SERVER, "none", { NOTIFY: "NEVER" });
  }

  async #enter(
    { to, parameters, messageId, octets }: Omit<Report, "about">,
    made: string,
    session: string,
    wishes: PlainParameters = {},
  ): Promise<NewMessage> {
    const { store, now } = this.#options;
    const id = newId();
    const body = await store.keep(id, once(octets), made !== HANDLER && made !== SERVER);
    const message: QueuedMessage = {
      ...{ id, parameters, messageId, sender: null, accepted: now(), size: body.size, priority: 0 },
      origin: this.#origin(session, made),
    };
    return {
      message,
      body,
      recipients: [{
        ...{ recipient: to, user: undefined, extension: undefined, original: to },
        ...{ parameters: wishes, copy: false, decidedBy: made },
        target: { target: ROUTE, args: {} },
        destination: `${ROUTE} ${to}`,
        state: { at: "waiting", due: now() },
      }],
    };
  }

  #origin(session: string, made: string): Origin {
    return {
      ...{
        session,
        made,
        peer: "local",
        port: 0,
        helo: undefined,
        user: undefined,
        tls: undefined,
      },
      hostname: this.#options.hostname,
      listener: { address: "local", kind: "smtp" },
    };
  }
}

async function* once(octets: Uint8Array): AsyncIterable<Uint8Array> {
  yield await Promise.resolve(octets);
}
