/**
 * What a milter is told of an SMTP session, step by step, and what it says to it.
 * @module
 */
import type { Buffer } from "node:buffer";
import type { EventOf, Reply, Session } from "postmaster";
import { FilterFault } from "../filters/failure.ts";
import type { Change } from "../filters/changes.ts";
import { type Answer, readAnswer, type Verdict } from "./answers.ts";
import type { FilterAddress } from "../filters/address.ts";
import { MilterConnection, type MilterTimeouts } from "./connection.ts";
import type { EditableHeader } from "../filters/header.ts";
import {
  connectionMacros,
  heloMacros,
  macroPacket,
  type Macros,
  mailMacros,
  messageMacros,
  recipientMacros,
} from "./macros.ts";
import { CHUNK, COMMAND, packet, STEP, texts } from "./protocol.ts";
import type { Moment } from "./terms.ts";

/** A milter, as it is configured. */
export interface MilterSettings {
  readonly address: FilterAddress;
  readonly timeouts: MilterTimeouts;
  /** Macros that are sent at all moments, by their names without braces. */
  readonly macros: Macros;
}

/** A step of a session. */
interface Step {
  readonly command: string;
  /** The moment of its macros, if it has any. */
  readonly moment?: Moment;
  /** The flag of a milter that need not know of it. */
  readonly no: number;
  /** The flag of a milter that does not answer it. */
  readonly silent: number;
  /** It is about the client, of whom nothing can be discarded. */
  readonly isOfClient?: boolean;
  /** There may be many, and the milter may have enough of them. */
  readonly isOneOfMany?: boolean;
}

const STEPS = {
  connect: {
    ...{ command: COMMAND.connect, moment: "connect", isOfClient: true },
    ...{ no: STEP.noConnect, silent: STEP.silentConnect },
  },
  helo: {
    ...{ command: COMMAND.helo, moment: "helo", isOfClient: true },
    ...{ no: STEP.noHelo, silent: STEP.silentHelo },
  },
  mail: { command: COMMAND.mail, moment: "mail", no: STEP.noMail, silent: STEP.silentMail },
  recipient: {
    ...{ command: COMMAND.recipient, moment: "recipient" },
    ...{ no: STEP.noRecipients, silent: STEP.silentRecipients },
  },
  data: { command: COMMAND.data, moment: "data", no: STEP.noData, silent: STEP.silentData },
  header: {
    ...{ command: COMMAND.header, isOneOfMany: true },
    ...{ no: STEP.noHeaders, silent: STEP.silentHeaders },
  },
  endOfHeader: {
    ...{ command: COMMAND.endOfHeader, moment: "endOfHeader" },
    ...{ no: STEP.noEndOfHeader, silent: STEP.silentEndOfHeader },
  },
  body: {
    ...{ command: COMMAND.body, isOneOfMany: true },
    ...{ no: STEP.noBody, silent: STEP.silentBody },
  },
  unknown: {
    ...{ command: COMMAND.unknown, isOfClient: true },
    ...{ no: STEP.noUnknown, silent: STEP.silentUnknown },
  },
} as const satisfies Readonly<Record<string, Step>>;

/** The conversation with one milter about one session. All methods throw {@linkcode FilterFault}. */
export class Talk {
  readonly #settings: MilterSettings;
  #connection: MilterConnection | undefined;
  #clientName = "unknown";
  /** It wants to know no more of this client. */
  #hasEnough = false;
  /** It knows of a message, and not of its end. */
  #isInMessage = false;
  /** It wants no more of the body of this message. */
  #skips = false;

  constructor(settings: MilterSettings) {
    this.#settings = settings;
  }

  /** A connection stands, or is no longer needed. */
  get isReady(): boolean {
    return this.#hasEnough || this.#connection?.isOpen === true;
  }

  /** Whether the milter wants to know of recipients that are refused. */
  get wantsRefused(): boolean {
    return ((this.#connection?.terms.steps ?? 0) & STEP.refusedRecipients) !== 0;
  }

  /** The milter gets values with the space before them, and sends them so. */
  get keepsSpace(): boolean {
    return ((this.#connection?.terms.steps ?? 0) & STEP.leadingSpace) !== 0;
  }

  /** Connects, and tells who the client is. */
  async begin(session: Session, clientName: string): Promise<Verdict> {
    const { address, timeouts } = this.#settings;
    this.#clientName = clientName;
    this.#hasEnough = false;
    this.#connection?.close();
    this.#connection = undefined;
    this.#isInMessage = false;
    this.#connection = await MilterConnection.open(address, timeouts, session.signal);
    return await this.#tell(
      STEPS.connect,
      clientOf(session, clientName),
      connectionMacros(session, clientName),
    );
  }

  /** Tells what the client calls itself. */
  async helo(name: string, session: Session): Promise<Verdict> {
    await this.abort();
    return await this.#tell(STEPS.helo, texts([name]), heloMacros(session));
  }

  /** Begins a message. */
  async mail(
    event: EventOf<"SetMailFrom">,
    session: Session,
    mechanism: string | undefined,
  ): Promise<Verdict> {
    if (this.#hasEnough) return "accept";
    await this.abort();
    this.#isInMessage = true;
    this.#skips = false;
    const { mailbox, parameters } = event;
    return await this.#tell(
      STEPS.mail,
      texts([`<${mailbox ?? ""}>`, ...listOf(parameters)]),
      mailMacros(event, session, this.#clientName, mechanism),
    );
  }

  async recipient(
    event: EventOf<"AddRcptTo">,
    session: Session,
    reply: Reply,
  ): Promise<Verdict> {
    const { mailbox, parameters } = event;
    return await this.#tell(
      STEPS.recipient,
      texts([`<${mailbox}>`, ...listOf(parameters)]),
      recipientMacros(event, session, reply),
    );
  }

  async data(session: Session): Promise<Verdict> {
    return await this.#tell(STEPS.data, texts([]), messageMacros(session));
  }

  /** Tells a command that the server does not know. */
  async unknown(line: string): Promise<Verdict> {
    return await this.#tell(STEPS.unknown, texts([line]));
  }

  /** Tells the header, and its end. */
  async header(header: EditableHeader, session: Session): Promise<Verdict> {
    for (const field of header.told(this.keepsSpace)) {
      const verdict = await this.#tell(STEPS.header, texts(field, "latin1"));
      if (verdict === "skip") break;
      if (verdict !== "continue") return verdict;
    }
    return await this.#tell(STEPS.endOfHeader, texts([]), messageMacros(session));
  }

  /** Tells some octets of the body. */
  async body(octets: Uint8Array): Promise<Verdict> {
    for (let from = 0; from < octets.length && !this.#skips; from += CHUNK) {
      const verdict = await this.#tell(STEPS.body, octets.subarray(from, from + CHUNK));
      this.#skips = verdict === "skip";
      if (verdict !== "skip" && verdict !== "continue") return verdict;
    }
    return "continue";
  }

  /** Tells that this was all, and calls `change` with each change that the milter makes. */
  async end(session: Session, change: (change: Change) => void | Promise<void>): Promise<Verdict> {
    const connection = this.#alive();
    let verdict: Verdict | undefined;
    await connection.ask(
      [...this.#macros(COMMAND.endOfBody, "endOfBody", messageMacros(session)), END],
      async (packet) => {
        const answer = readAnswer(packet, connection.terms.actions);
        if (answer.type === "verdict") verdict = answer.verdict;
        else if (answer.type !== "progress") await change(answer);
        if (verdict === "skip") throw new FilterFault("it skips the end of a message");
        return verdict !== undefined;
      },
      this.#settings.timeouts.endOfMessage,
    );
    this.#isInMessage = false;
    return verdict!;
  }

  /** The message that the milter knows of does not come. */
  async abort(): Promise<void> {
    if (!this.#isInMessage) return;
    this.#isInMessage = false;
    const connection = this.#alive();
    if (!connection.isOpen) return;
    if (connection.isBusy) return connection.destroy("the message breaks off");
    await connection.send([ABORT]);
    connection.flush();
  }

  /** Breaks off what is going on, whatever it is. */
  drop(reason: string): void {
    this.#connection?.destroy(reason);
  }

  /** Says goodbye. */
  close(): void {
    this.#connection?.close();
  }

  async #tell(step: Step, data: Uint8Array, macros: Macros = {}): Promise<Verdict> {
    if (this.#hasEnough) return "accept";
    const connection = this.#alive();
    const { steps, actions } = connection.terms;
    const packets = [...this.#macros(step.command, step.moment, macros)];
    const isWanted = (steps & step.no) === 0;
    if (isWanted) packets.push(packet(step.command, data));
    if (!isWanted || (steps & step.silent) !== 0) {
      await connection.send(packets);
      return "continue";
    }
    let verdict = "continue" as Verdict;
    await connection.ask(packets, (one) => {
      const answer = readAnswer(one, actions);
      if (answer.type === "progress") return false;
      verdict = verdictOn(step, answer, steps);
      return true;
    });
    if (step.isOfClient === true && verdict === "accept") {
      this.#hasEnough = true;
      connection.close();
    }
    return verdict;
  }

  #macros(command: string, moment: Moment | undefined, macros: Macros): readonly Uint8Array[] {
    if (moment === undefined) return [];
    const all = { ...macros, ...this.#settings.macros };
    return macroPacket(command, moment, all, this.#alive().terms);
  }

  #alive(): MilterConnection {
    if (this.#connection === undefined) throw new FilterFault("there is no connection to it");
    return this.#connection;
  }
}

const END = packet(COMMAND.endOfBody), ABORT = packet(COMMAND.abort);

/** The verdict on a step. Throws a FilterFault for an answer that the step cannot have. */
function verdictOn(step: Step, answer: Answer, steps: number): Verdict {
  if (answer.type !== "verdict") {
    throw new FilterFault(`it answered ${answer.type} before the end of a message`);
  }
  const { verdict } = answer;
  const isLegal = verdict === "skip"
    ? step.isOneOfMany === true && (steps & STEP.skip) !== 0
    : verdict !== "discard" || step.isOfClient !== true;
  if (!isLegal) throw new FilterFault(`it answered ${verdict} where it must not`);
  return verdict;
}

/** Name, kind, port and address of the client. */
function clientOf({ peer, listener }: Session, name: string): Buffer {
  const [kind, address] = peer.address === "unix"
    ? ["L", listener.address.replace(/^unix:/, "")]
    : [peer.address.includes(":") ? "6" : "4", peer.address];
  const octets = texts([name, `${kind}PP${address}`]);
  octets.writeUInt16BE(peer.port, octets.indexOf(0) + 2);
  return octets;
}

/** `SIZE=100`, one for each parameter. */
const listOf = (parameters: EventOf<"SetMailFrom">["parameters"]): string[] =>
  [...parameters].map(([name, value]) => value === null ? name : `${name}=${value}`);
