/**
 * The extension AUTH (RFC 4954): what the engine makes of a SASL exchange.
 * @module
 */
import { Buffer } from "node:buffer";
import { type Authentication, mechanismsFor } from "../auth/authentication.ts";
import type { Exchange, Mechanism, Outcome } from "../auth/exchange.ts";
import type { Event } from "../handler/event.ts";
import { isPositive } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import { text, upper } from "../smtp/ascii.ts";
import type { Fault } from "../smtp/fault.ts";
import { GRAMMARS } from "../smtp/parameter_values.ts";
import type { Extension } from "./extension.ts";
import type { Answer, Challenge, Said } from "./rule.ts";

/** Octets that a line of the exchange may have with its CRLF (RFC 4954 section 4). */
const LONGEST = 12_288;
/** Octets of a command without extensions. */
const ORDINARY = 512;

/** The extension of a server that authenticates its clients so. */
export const authBy = (authentication: Authentication): Extension => ({
  about: {
    name: "AUTH",
    rfc: [4954],
    where: "with the key `auth`, where the client has a mechanism",
    seen: '`Authenticate`, then `session.user`; `readParameter(event.parameters, "AUTH")` at MAIL',
    test: "server/auth_test.ts",
  },
  line: (client) => {
    const names = mechanismsFor(authentication, client).map(({ name }) => name);
    return names.length === 0 ? undefined : `AUTH ${names.join(" ")}`;
  },
  parameters: { MAIL: { AUTH: GRAMMARS.AUTH } },
  commands: {
    AUTH: {
      help: "AUTH mechanism [response]: proves who you are",
      octets: LONGEST - ORDINARY,
      legalAt: ["greeted"],
      event: (argument, session) => begin(argument, session, authentication),
    },
  },
});

function begin(
  argument: string,
  session: SessionState,
  authentication: Authentication,
): Event | Fault | Promise<Said> {
  if (session.user !== undefined) return { type: "AlreadyAuthenticated", command: "AUTH" };
  const [, name, initial] = /^(\S+)(?: +(\S+))? *$/.exec(argument) ?? [];
  if (name === undefined) return wrong(501, "5.5.4", "AUTH wants the name of a mechanism");
  const offered = mechanismsFor(authentication, session);
  const mechanism = offered.find((one) => one.name === upper(name));
  if (mechanism === undefined) return wrong(504, "5.5.4", "this mechanism is not offered");
  const run = new Run(mechanism, mechanism.start(session));
  return initial === undefined ? run.begin() : run.beginWith(initial === "=" ? "" : initial);
}

/** An exchange that a client has begun. */
class Run {
  readonly #mechanism: Mechanism;
  readonly #exchange: Exchange;

  constructor(mechanism: Mechanism, exchange: Exchange) {
    this.#mechanism = mechanism;
    this.#exchange = exchange;
  }

  /** The first challenge. */
  async begin(): Promise<Said> {
    return this.#after(await this.#exchange.next());
  }

  /** What comes of a first response that came with the command. */
  async beginWith(response: string): Promise<Said> {
    await this.#exchange.next();
    return await this.#respond(response);
  }

  #after({ done, value }: IteratorResult<Uint8Array, Outcome>): Said {
    return done
      ? concluded(this.#mechanism, value)
      : challengeOf(value, (line) => this.#respond(text(line)));
  }

  async #respond(line: string): Promise<Said> {
    const response = line === "*" ? CANCELLED : decoded(line) ?? NO_BASE64;
    if (response instanceof Uint8Array) return this.#after(await this.#exchange.next(response));
    await this.#exchange.return({ malformed: response.reason });
    return response;
  }
}

function concluded({ name: mechanism }: Mechanism, outcome: Outcome): Event | Fault {
  return "malformed" in outcome
    ? wrong(501, "5.5.2", outcome.malformed)
    : { type: "Authenticate", mechanism, ...outcome };
}

/**
 * What the server proves to a client that has proved who it is, once nobody refuses the client: the client answers that
 * with an empty line, and then gets the reply (RFC 4954 section 4).
 */
export function lastChallenge(answer: Answer): Challenge | undefined {
  const { answered, reply } = answer;
  if (answered.type !== "Authenticate" || !isPositive(reply)) return undefined;
  const { verdict } = answered;
  return verdict !== undefined && "user" in verdict && verdict.proof !== undefined
    ? challengeOf(verdict.proof, (line) => line.length === 0 ? answer : NOT_EMPTY)
    : undefined;
}

const challengeOf = (octets: Uint8Array, answer: Challenge["answer"]): Challenge => ({
  text: Buffer.from(octets).toString("base64"),
  octets: LONGEST,
  answer,
});

/** The octets that a line is the Base64 of; `undefined` for a line that is none. */
const decoded = (line: string): Uint8Array | undefined =>
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(line)
    ? Buffer.from(line, "base64")
    : undefined;

const wrong = (code: Fault["code"], enhanced: Fault["enhanced"], reason: string): Fault => ({
  code,
  enhanced,
  reason,
});

const CANCELLED = wrong(501, "5.7.0", "the client has cancelled the authentication");
const NOT_EMPTY = wrong(501, "5.5.2", "an empty line is wanted here");
const NO_BASE64 = wrong(501, "5.5.2", "this is no Base64");
