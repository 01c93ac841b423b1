/**
 * The service extensions (RFC 5321 section 2.2): each says here, and nowhere else, what the reply to EHLO tells of it, and
 * which commands and parameters of MAIL and RCPT it brings.
 * @module
 */
import type { Event, LimitName } from "../handler/event.ts";
import type { Session } from "../handler/session.ts";
import type { Command } from "../smtp/command.ts";
import type { Fault } from "../smtp/fault.ts";
import { CHUNKING } from "./chunking.ts";
import type { Limits } from "./limits.ts";
import type { Rule } from "./rule.ts";

/** A parameter of MAIL or RCPT. */
export interface Parameter {
  /** Octets by which it may make the line longer, with the space before it. */
  readonly octets: number;
  /** What is wrong with a value, or which limit it exceeds. `null` is a parameter without a value. */
  readonly judge: (value: string | null, limits: Limits) => Fault | LimitName | undefined;
}

/** What decides whether a session is offered an extension. */
export type ClientTraits = Pick<Session, "tls" | "user" | "listener" | "peer">;

/** What the server can do besides RFC 5321. */
export interface Extension {
  /** Its line in the reply to EHLO; `undefined` for sessions to which it is not offered. */
  readonly line: (session: ClientTraits, limits: Limits) => string | undefined;
  /** Its parameters of MAIL and RCPT, by their names in upper case; with more values than an earlier one's, perhaps. */
  readonly parameters?: { readonly [V in "MAIL" | "RCPT"]?: Readonly<Record<string, Parameter>> };
  /** Its commands, by their verbs in upper case. They are given what stands behind the verb. */
  readonly commands?: Readonly<Record<string, ExtensionCommand>>;
}

/** A command of an extension. */
export interface ExtensionCommand extends Rule<string> {
  /** Octets by which its line may be longer than others. */
  readonly octets?: number;
}

/** RFC 2920: commands may be sent without waiting for the replies. The dialogue takes them so from everybody. */
const PIPELINING: Extension = { line: () => "PIPELINING" };

/** RFC 1870: the server says how large messages may be, and the client how large its message is. */
const SIZE: Extension = {
  line: (_session, { messageSize }) => `SIZE ${messageSize}`,
  parameters: {
    MAIL: {
      SIZE: {
        octets: 26,
        judge: (value, { messageSize }) => {
          if (value === null || !/^\d{1,20}$/.test(value)) {
            return wrong(501, "SIZE wants a number of octets");
          }
          return Number(value) > messageSize ? "message-size" : undefined;
        },
      },
    },
  },
};

/** RFC 6152: messages may have octets above 127, which the server passes on as they are. */
const EIGHT_BIT_MIME: Extension = {
  line: () => "8BITMIME",
  parameters: {
    MAIL: {
      BODY: {
        octets: 17,
        judge: (value) =>
          /^(7BIT|8BITMIME)$/i.test(value ?? "")
            ? undefined
            : wrong(504, "BODY wants 7BIT or 8BITMIME"),
      },
    },
  },
};

/** RFC 2034: replies carry the codes of RFC 3463. */
const ENHANCED_STATUS_CODES: Extension = { line: () => "ENHANCEDSTATUSCODES" };

/** RFC 3207: the connection is encrypted from here on. It is offered once there is a certificate. */
export const starttls = (certificates: { readonly ready: boolean }): Extension => ({
  line: ({ tls }) => tls === undefined && certificates.ready ? "STARTTLS" : undefined,
  commands: {
    STARTTLS: {
      legalAt: ["greeted"],
      event: (argument) =>
        argument === "" ? { type: "StartTls" } : wrong(501, "STARTTLS takes no parameters"),
      after: () => ({ at: "securing" }),
    },
  },
});

/**
 * RFC 8689: the message may only go on by encrypted connections to servers that keep to this, too. To be offered once
 * mail is sent on by a client that can promise this.
 */
export const REQUIRETLS: Extension = {
  line: ({ tls }) => tls === undefined ? undefined : "REQUIRETLS",
  parameters: {
    MAIL: {
      REQUIRETLS: {
        octets: 11,
        judge: (value) => value === null ? undefined : wrong(501, "REQUIRETLS takes no value"),
      },
    },
  },
};

/** RFC 5321 section 4.1.1.8, which is optional. */
const HELP: Extension = { line: () => "HELP" };

/** The rest of the standards: their commands are not implemented, which is another reply than for unknown ones. */
const NOT_OFFERED: Extension = {
  line: () => undefined,
  commands: Object.fromEntries(
    ["TURN", "SEND", "SOML", "SAML", "ETRN", "ATRN", "AUTH", "STARTTLS"]
      .map((verb) => [verb, { event: () => ({ type: "NotImplemented", command: verb }) }]),
  ),
};

/** The extensions of a server. */
export class Extensions {
  readonly #all: readonly Extension[];
  /** Octets by which the longest line is longer than others. */
  readonly #most: number;

  constructor(all: readonly Extension[]) {
    this.#all = all;
    const verbs = all.flatMap(({ commands = {} }) => Object.keys(commands));
    this.#most = Math.max(...["MAIL", "RCPT", ...verbs].map((verb) => this.#extraOf(verb)));
  }

  /** The lines of the reply to EHLO behind its first one. */
  linesFor(session: ClientTraits, limits: Limits): readonly string[] {
    return this.#all.map(({ line }) => line(session, limits)).filter((line) => line !== undefined);
  }

  /** The rule for a command; `undefined` for one of no extension. */
  ruleOf(
    verb: string,
    session: ClientTraits,
    limits: Limits,
  ): Rule<string> | "not offered" | undefined {
    const extension = this.#all.find(({ commands = {} }) => Object.hasOwn(commands, verb));
    return extension !== undefined && extension.line(session, limits) === undefined
      ? "not offered"
      : extension?.commands?.[verb];
  }

  /**
   * Octets that a line may have with its CRLF (RFC 5321 section 4.5.3.1.4), `ordinary` without extensions; without a
   * verb, the longest of all.
   */
  lineLength(verb: string | undefined, ordinary: number): number {
    return ordinary + (verb === undefined ? this.#most : this.#extraOf(verb));
  }

  #extraOf(verb: string): number {
    const brought = this.#all.flatMap(({ commands, parameters }) => [
      commands?.[verb],
      ...Object.values(parameters?.[verb as "MAIL" | "RCPT"] ?? {}),
    ]);
    return brought.reduce((sum, each) => sum + (each?.octets ?? 0), 0);
  }

  /** What is wrong with the parameters of a command of this client; `undefined` if nothing is. */
  faultIn(
    { verb, parameters: said }: Command & { verb: "MAIL" | "RCPT" },
    client: ClientTraits,
    limits: Limits,
  ): Event | undefined {
    for (const [name, value] of said) {
      const extension = this.#all.findLast(({ line, parameters }) =>
        Object.hasOwn(parameters?.[verb] ?? {}, name) && line(client, limits) !== undefined
      );
      const parameter = extension?.parameters?.[verb]?.[name];
      const fault = parameter === undefined ? UNKNOWN : parameter.judge(value, limits);
      if (typeof fault === "string") return { type: "LimitExceeded", limit: fault };
      if (fault !== undefined) return { type: "SyntaxErrorIn", command: verb, fault };
    }
    return undefined;
  }
}

const wrong = (code: Fault["code"], reason: string): Fault => ({ code, enhanced: "5.5.4", reason });

const UNKNOWN = wrong(555, "parameter not recognized or not implemented");

/** The extensions of a server that has these besides those of every server. */
export const extensionsWith = (...others: readonly Extension[]): Extensions =>
  new Extensions([
    PIPELINING,
    SIZE,
    EIGHT_BIT_MIME,
    ENHANCED_STATUS_CODES,
    CHUNKING,
    HELP,
    ...others,
    NOT_OFFERED,
  ]);

/** The extensions that every server has. */
export const EXTENSIONS: Extensions = extensionsWith();
