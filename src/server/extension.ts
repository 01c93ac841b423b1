/**
 * What a service extension is (RFC 5321 section 2.2), and what those of a server do together. The list of them is in
 * `extensions.ts`.
 * @module
 */
import type { Event, LimitName } from "../handler/event.ts";
import type { Session } from "../handler/session.ts";
import type { Command } from "../smtp/command.ts";
import { type Fault, isFault } from "../smtp/fault.ts";
import { type Grammar, wrong } from "../smtp/grammar.ts";
import type { Parameters } from "../smtp/parameters.ts";
import type { Limits } from "./limits.ts";
import type { Rule } from "./rule.ts";

/** A parameter of MAIL or RCPT. */
export interface Parameter<T = unknown> extends Grammar<T> {
  /** What is wrong with a value that is well-formed, or which limit it exceeds. */
  judge?(value: T, limits: Limits): Fault | LimitName | undefined;
}

/** What decides whether a session is offered an extension. */
export type ClientTraits = Pick<Session, "tls" | "user" | "listener" | "peer" | "named">;

/** What the server can do besides RFC 5321. */
export interface Extension {
  /** What the documentation says of it. */
  readonly about: About;
  /** Its line in the reply to EHLO; `undefined` for sessions to which it is not offered. */
  readonly line: (session: ClientTraits, limits: Limits) => string | undefined;
  /** Its parameters of MAIL and RCPT, by their names in upper case; with more values than an earlier one's, perhaps. */
  readonly parameters?: { readonly [V in EnvelopeVerb]?: Readonly<Record<string, Parameter>> };
  /** What is wrong with parameters of MAIL of which each is right. */
  readonly agree?: (parameters: Parameters) => Fault | undefined;
  /** Its commands, by their verbs in upper case. They are given what stands behind the verb. */
  readonly commands?: Readonly<Record<string, ExtensionCommand>>;
}

/** What the documentation says of an extension, in Markdown. */
export interface About {
  /** Its name: `DSN`. */
  readonly name: string;
  /** The RFCs that define it. */
  readonly rfc: readonly number[];
  /** To which sessions it is offered, or why to none yet. */
  readonly where: string;
  /** The events, parameters and values by which handlers see it. */
  readonly seen: string;
  /** The file in `tests/` that shows it. */
  readonly test: string;
}

/** A command of an extension. */
export interface ExtensionCommand extends Rule<string> {
  /** Octets by which its line may be longer than others. */
  readonly octets?: number;
}

/** The commands with parameters. */
type EnvelopeVerb = "MAIL" | "RCPT";

/** A parameter with its extension. */
interface ExtensionParameter {
  readonly extension: Extension;
  readonly parameter: Parameter;
}

/** The extensions of a server. */
export class Extensions {
  readonly #all: readonly Extension[];
  readonly #parameters: Readonly<
    Record<EnvelopeVerb, ReadonlyMap<string, readonly ExtensionParameter[]>>
  >;
  readonly #agreements: readonly NonNullable<Extension["agree"]>[];
  readonly #commands: ReadonlyMap<string, Extension>;
  /** Octets by which the line of a command may be longer than others, by its verb. */
  readonly #extra: ReadonlyMap<string, number>;
  /** Octets by which the longest line is longer than others. */
  readonly #most: number;

  constructor(all: readonly Extension[]) {
    this.#all = all;
    this.#parameters = { MAIL: parametersBy(all, "MAIL"), RCPT: parametersBy(all, "RCPT") };
    this.#agreements = all.map(({ agree }) => agree).filter((agree) => agree !== undefined);
    this.#commands = new Map(
      all.flatMap((extension) =>
        Object.keys(extension.commands ?? {}).map((verb) => [verb, extension])
      ),
    );
    this.#extra = new Map([
      ...[...this.#commands].map(([verb, { commands }]) =>
        [verb, commands?.[verb]?.octets ?? 0] as const
      ),
      ...(["MAIL", "RCPT"] as const).map((verb) =>
        [verb, octetsOf(this.#parameters[verb])] as const
      ),
    ]);
    this.#most = Math.max(...this.#extra.values());
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
    const extension = this.#commands.get(verb);
    if (extension === undefined) return OF_THE_STANDARDS.has(verb) ? "not offered" : undefined;
    return isOffered(extension, session, limits) ? extension.commands?.[verb] : "not offered";
  }

  /** The commands that are offered to a session, with their rules. */
  commandsFor(session: ClientTraits, limits: Limits): readonly [string, ExtensionCommand][] {
    return this.#all.filter((extension) => isOffered(extension, session, limits))
      .flatMap(({ commands = {} }) => Object.entries(commands));
  }

  /** The names of the parameters of a command that a session may use. */
  parametersFor(verb: string, session: ClientTraits, limits: Limits): readonly string[] {
    if (verb !== "MAIL" && verb !== "RCPT") return [];
    return [...this.#parameters[verb]].filter(([_name, each]) =>
      each.some(({ extension }) => isOffered(extension, session, limits))
    ).map(([name]) => name);
  }

  /**
   * Octets that a line may have with its CRLF (RFC 5321 section 4.5.3.1.4), `ordinary` without extensions; without a
   * verb, the longest of all.
   */
  lineLength(verb: string | undefined, ordinary: number): number {
    return ordinary + (verb === undefined ? this.#most : this.#extra.get(verb) ?? 0);
  }

  /** What is wrong with the parameters of a command of this client; `undefined` if nothing is. */
  faultIn(
    { verb, parameters }: Command & { verb: EnvelopeVerb },
    client: ClientTraits,
    limits: Limits,
  ): Event | undefined {
    for (const [name, text] of parameters) {
      const parameter = this.#parameters[verb].get(name)
        ?.findLast(({ extension }) => isOffered(extension, client, limits))?.parameter;
      const value = parameter === undefined ? UNKNOWN : parameter.read(text);
      const fault = isFault(value) ? value : parameter?.judge?.(value, limits);
      if (typeof fault === "string") return { type: "LimitExceeded", limit: fault };
      if (fault !== undefined) return { type: "SyntaxErrorIn", command: verb, fault };
    }
    if (verb !== "MAIL") return undefined;
    for (const agree of this.#agreements) {
      const fault = agree(parameters);
      if (fault !== undefined) return { type: "SyntaxErrorIn", command: verb, fault };
    }
    return undefined;
  }
}

const isOffered = ({ line }: Extension, session: ClientTraits, limits: Limits): boolean =>
  line(session, limits) !== undefined;

/** The parameters of a command by their names, each of the extensions that have it. */
function parametersBy(
  all: readonly Extension[],
  verb: EnvelopeVerb,
): ReadonlyMap<string, readonly ExtensionParameter[]> {
  const parameters = all.flatMap((extension) =>
    Object.entries(extension.parameters?.[verb] ?? {})
      .map(([name, parameter]) => ({ name, extension, parameter }))
  );
  return Map.groupBy(parameters, ({ name }) => name);
}

/** Octets by which all parameters together may make a line longer. */
const octetsOf = (parameters: ReadonlyMap<string, readonly ExtensionParameter[]>): number =>
  [...parameters.values()]
    .reduce((sum, each) => sum + Math.max(...each.map(({ parameter }) => parameter.octets)), 0);

const UNKNOWN = wrong(555, "parameter not recognized or not implemented");

/** Commands of the standards: "not implemented" is another reply than the one to unknown commands. */
const OF_THE_STANDARDS: ReadonlySet<string> = new Set([
  ...["TURN", "SEND", "SOML", "SAML", "ETRN", "ATRN", "AUTH", "STARTTLS"],
]);
