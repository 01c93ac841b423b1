/**
 * The service extensions (RFC 5321 section 2.2): each says here, and nowhere else, what the reply to EHLO tells of it and
 * which parameters of MAIL and RCPT it brings.
 *
 * @module
 */
import type { Event, LimitName } from "../handler/event.ts";
import type { Session } from "../handler/session.ts";
import type { Command, Verb } from "../smtp/command.ts";
import type { Fault } from "../smtp/fault.ts";
import type { Limits } from "./limits.ts";

/** A parameter of MAIL or RCPT. */
export interface Parameter {
  /** Octets by which it may make the line longer, with the space before it. */
  readonly octets: number;
  /** What is wrong with a value, or which limit it exceeds. `null` is a parameter without a value. */
  readonly judge: (value: string | null, limits: Limits) => Fault | LimitName | undefined;
}

/** What decides whether a session is offered an extension. */
export type Situation = Pick<Session, "tls" | "user" | "listener">;

/** Parameters by their names, in upper case. */
type Parameters = Readonly<Record<string, Parameter>>;

/** What the server can do besides RFC 5321. */
export interface Extension {
  /** Its line in the reply to EHLO; `undefined` for sessions to which it is not offered. */
  readonly line: (session: Situation, limits: Limits) => string | undefined;
  readonly parameters?: { readonly MAIL?: Parameters; readonly RCPT?: Parameters };
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

/** RFC 5321 section 4.1.1.8, which is optional. */
const HELP: Extension = { line: () => "HELP" };

const EXTENSIONS: readonly Extension[] = [
  PIPELINING,
  SIZE,
  EIGHT_BIT_MIME,
  ENHANCED_STATUS_CODES,
  HELP,
];

/** The lines of the reply to EHLO behind its first one. */
export const linesFor = (session: Situation, limits: Limits): readonly string[] =>
  EXTENSIONS.map(({ line }) => line(session, limits)).filter((line) => line !== undefined);

/** The parameters of a command, each with the extension that brings it. */
const parametersOf = (verb: "MAIL" | "RCPT") =>
  new Map(
    EXTENSIONS.flatMap((extension) =>
      Object.entries(extension.parameters?.[verb] ?? {}).map(([name, parameter]) =>
        [name, { extension, parameter }] as const
      )
    ),
  );

const PARAMETERS = { MAIL: parametersOf("MAIL"), RCPT: parametersOf("RCPT") } as const;

const extraOf = (verb: "MAIL" | "RCPT"): number =>
  PARAMETERS[verb].values().reduce((sum, { parameter }) => sum + parameter.octets, 0);

const EXTRA: Partial<Record<Verb, number>> = { MAIL: extraOf("MAIL"), RCPT: extraOf("RCPT") };
const MOST_EXTRA = Math.max(...Object.values(EXTRA));

/** Octets that a line may have with its CRLF (RFC 5321 section 4.5.3.1.4); without a verb, the longest of all. */
export const lineLength = (verb: Verb | undefined, { commandLength }: Limits): number =>
  commandLength + (verb === undefined ? MOST_EXTRA : EXTRA[verb] ?? 0);

/** What is wrong with the parameters of a command of this client; `undefined` if nothing is. */
export function faultInParameters(
  { verb, parameters }: Command & { verb: "MAIL" | "RCPT" },
  client: Situation,
  limits: Limits,
): Event | undefined {
  for (const [name, value] of parameters) {
    const known = PARAMETERS[verb].get(name);
    const isOffered = known?.extension.line(client, limits) !== undefined;
    const fault = isOffered ? known!.parameter.judge(value, limits) : UNKNOWN;
    if (typeof fault === "string") return { type: "LimitExceeded", limit: fault };
    if (fault !== undefined) return { type: "SyntaxErrorIn", command: verb, fault };
  }
  return undefined;
}

const wrong = (code: Fault["code"], reason: string): Fault => ({ code, enhanced: "5.5.4", reason });

const UNKNOWN = wrong(555, "parameter not recognized or not implemented");
