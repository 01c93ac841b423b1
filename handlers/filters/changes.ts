/**
 * The changes that a filter makes to a message, gathered until it is done, because nothing of a message counts whose
 * filter fails before.
 * @module
 */
import { Buffer } from "node:buffer";
import {
  type EventOf,
  isPositive,
  isRelayingDenied,
  isTransient,
  type KeptMessage,
  Mailbox,
  type Parameters,
  readParameter,
  relay,
  type Reply,
  type Route,
  routeKey,
  type Session,
} from "postmaster";
import type { EditableHeader } from "./header.ts";
import { FilterFault } from "./failure.ts";

/** A change that a filter makes of a message. */
export type Change =
  /** Header fields; names and values have one character for each octet. */
  | { readonly type: "add-header"; readonly name: string; readonly value: string }
  | {
    /** `index` counts all fields; that of a change counts those with the name, from 1. No value deletes the field. */
    readonly type: "insert-header" | "change-header";
    readonly index: number;
    readonly name: string;
    readonly value: string;
  }
  /** The next octets of another body. */
  | { readonly type: "replace-body"; readonly octets: Uint8Array }
  | { readonly type: "add-recipient"; readonly address: string; readonly parameters: string }
  | { readonly type: "delete-recipient"; readonly address: string }
  | { readonly type: "change-sender"; readonly address: string }
  | { readonly type: "quarantine"; readonly reason: string };

/** The most changes, and the most octets of them without those of a body. */
const MOST = 10_000, MOST_OCTETS = 1 << 20;
/** The octets by which another body may be larger than the message. */
const MOST_MORE = 16 << 20;

/** A change of recipients, once it is read. */
type RecipientChange =
  | { readonly type: "add-recipient"; readonly mailbox: Mailbox; readonly parameters: Parameters }
  | { readonly type: "delete-recipient"; readonly mailbox: Mailbox };

/** The changes of one message. Those of the header are made at once. */
export class Changes {
  readonly #header: EditableHeader;
  readonly #keepsSpace: boolean;
  readonly #session: Session;
  readonly #mostOfBody: number;
  readonly #recipients: RecipientChange[] = [];
  #count = 0;
  #octets = 0;
  #body: Replacement | undefined;
  /** Another sender; `undefined` for none. */
  sender: Mailbox | null | undefined;
  /** Why the message is to be held. */
  hold: string | undefined;

  /** @param size the octets of the message */
  constructor(header: EditableHeader, keepsSpace: boolean, session: Session, size: number) {
    this.#header = header;
    this.#keepsSpace = keepsSpace;
    this.#session = session;
    this.#mostOfBody = size + MOST_MORE;
  }

  /**
   * Takes one.
   *
   * @throws {FilterFault} if it cannot be made, or there are too many
   */
  async take(change: Change): Promise<void> {
    if (change.type === "replace-body") {
      this.#body ??= new Replacement(this.#session, this.#mostOfBody);
      return await this.#body.write(change.octets);
    }
    this.#octets += JSON.stringify(change).length;
    if (++this.#count > MOST || this.#octets > MOST_OCTETS) {
      throw new FilterFault("it makes too many changes to a message");
    }
    switch (change.type) {
      case "add-header":
        return this.#header.add(change.name, change.value, this.#keepsSpace);
      case "insert-header":
        return this.#header.insert(change.index, change.name, change.value, this.#keepsSpace);
      case "change-header":
        return this.#header.change(change.index, change.name, change.value, this.#keepsSpace);
      case "change-sender":
        this.sender = senderOf(change.address);
        return;
      case "quarantine":
        this.hold ??= change.reason.replace(/\p{Cc}+/gu, " ").slice(0, 500) || "quarantine";
        return;
      default:
        this.#recipients.push(recipientOf(change));
    }
  }

  /** The body that the filter has put in the place of the other one, if any. */
  async body(): Promise<KeptMessage | undefined> {
    return await this.#body?.end();
  }

  /** Forgets another body that has begun. */
  async dispose(): Promise<void> {
    await this.#body?.dispose();
  }

  /**
   * The routes after the changes. Who is added is asked for as if the client had named him.
   *
   * @returns a reply, if one of those who are added cannot be taken now
   */
  async routes(routes: EventOf<"Deliver">["routes"]): Promise<readonly Route[] | Reply> {
    let all: Route[] = [...routes];
    for (const change of this.#recipients) {
      const { mailbox } = change;
      if (change.type === "delete-recipient") {
        all = all.filter(({ original, recipient, copy }) =>
          copy === true || !(original ?? recipient).equals(mailbox)
        );
        continue;
      }
      const { parameters } = change;
      const reply = await this.#session.trigger({ type: "AddRcptTo", mailbox, parameters });
      if (isTransient(reply)) return reply;
      const known = new Set(all.map(routeKey));
      const added = isRelayingDenied(reply)
        ? [{ recipient: mailbox, target: relay([mailbox]) }]
        : isPositive(reply)
        ? reply.routes ?? []
        : this.#refused(mailbox, reply);
      all.push(
        ...added.filter((route) => !known.has(routeKey(route)))
          .map((route) => ({ ...route, parameters })),
      );
    }
    return all;
  }

  #refused(mailbox: Mailbox, { code, lines }: Reply): readonly Route[] {
    this.#session.warn("a recipient that a filter has added is refused, and gets nothing", {
      recipient: `<${mailbox}>`,
      reply: `${code} ${lines.join(" ")}`,
    });
    return [];
  }
}

/** `<joe@example.net>`, with or without the brackets. */
function mailboxOf(path: string): Mailbox {
  try {
    return Mailbox.parse(path.trim().replace(/^<(.*)>$/, "$1"));
  } catch {
    throw new FilterFault(`${JSON.stringify(path.slice(0, 80))} is not an address`);
  }
}

const senderOf = (path: string): Mailbox | null =>
  /^\s*(<\s*>)?\s*$/.test(path) ? null : mailboxOf(path);

const recipientOf = (
  change: Extract<Change, { readonly type: RecipientChange["type"] }>,
): RecipientChange => {
  const mailbox = mailboxOf(change.address);
  return change.type === "delete-recipient"
    ? { type: change.type, mailbox }
    : { type: change.type, mailbox, parameters: parametersOf(change.parameters) };
};

/** `NOTIFY=NEVER ORCPT=rfc822;joe@example.net`: those that RCPT has, with values that clients may send. */
function parametersOf(text: string): Parameters {
  const parameters = new Map(
    text.split(/ +/).filter((word) => word !== "").map((word): [string, string | null] => {
      const [, name = "", value = null] = /^([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
      return [name.toUpperCase(), value];
    }),
  );
  try {
    for (const name of parameters.keys()) {
      if (name !== "NOTIFY" && name !== "ORCPT") throw new TypeError("RCPT has no such parameter");
      readParameter(parameters, name);
    }
  } catch {
    throw new FilterFault(`${JSON.stringify(text.slice(0, 80))} are no parameters of a recipient`);
  }
  return parameters;
}

/** A body that comes piece by piece, and is kept as a message is. */
class Replacement {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #kept: Promise<KeptMessage>;
  #endsWithCr = false;
  #room: number;

  /** @param most the most octets */
  constructor(session: Session, most: number) {
    this.#room = most;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => {}); // writing tells
    this.#kept = session.keep(readable);
    this.#kept.catch(() => {}); // `end` tells
  }

  /**
   * Takes octets. Lines that end in a bare LF get their CR.
   *
   * @throws {FilterFault} if there are too many
   */
  async write(octets: Uint8Array): Promise<void> {
    this.#room -= octets.length;
    if (this.#room < 0) throw new FilterFault("it makes a message much larger than it was");
    const pieces: Uint8Array[] = [];
    let from = 0;
    for (let at = octets.indexOf(LF); at >= 0; at = octets.indexOf(LF, at + 1)) {
      const hasCr = at === 0 ? this.#endsWithCr : octets[at - 1] === CR;
      if (hasCr) continue;
      pieces.push(octets.subarray(from, at), CR_ALONE);
      from = at;
    }
    pieces.push(octets.subarray(from));
    if (octets.length > 0) this.#endsWithCr = octets.at(-1) === CR;
    await this.#writer.write(Buffer.concat(pieces));
  }

  async end(): Promise<KeptMessage> {
    await this.#writer.close();
    return await this.#kept;
  }

  async dispose(): Promise<void> {
    await this.#writer.abort().catch(() => {});
    await this.#kept.then((kept) => kept.dispose(), () => {});
  }
}

const CR = 0x0d, LF = 0x0a;
const CR_ALONE = new Uint8Array([CR]);
