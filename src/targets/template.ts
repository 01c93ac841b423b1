/**
 * Command lines with placeholders. An argument stays one argument whatever it stands for; there is no shell.
 * @module
 */
import { closest } from "fastest-levenshtein";
import { canonicalName } from "../dns/name.ts";
import type { Addressee } from "../handler/reply.ts";
import type { Envelope } from "./target.ts";

/** Placeholders that differ from recipient to recipient. */
const OF_RECIPIENT = ["recipient", "local", "user", "extension", "domain"] as const;
/** Placeholders that a whole message shares. */
const OF_MESSAGE = ["sender", "peer", "helo", "hostname", "queue-id", "size"] as const;
export const PLACEHOLDERS = [...OF_RECIPIENT, ...OF_MESSAGE] as const;

type Placeholder = typeof PLACEHOLDERS[number];

/** What the placeholders stand for, for one recipient. */
export type PlaceholderValues = Readonly<Record<Placeholder, string>>;

interface Argument {
  /** Pieces of text; a placeholder is between two of them. */
  readonly text: readonly string[];
  readonly placeholders: readonly Placeholder[];
  /** Given once for each recipient. */
  readonly repeated: boolean;
  /** May begin with a hyphen: it does so in the template, or no program takes it for an option. */
  readonly hyphen: boolean;
}

/** A command line. */
export type Template = readonly Argument[];

/**
 * Parses a command line. `{sender}` and the like are placeholders, `{{` and `}}` are braces.
 *
 * @param several whether a process may serve several recipients
 * @throws {TypeError} for an unknown placeholder, a brace without its partner, a program that is not literal
 */
export function parseTemplate(argv: readonly string[], several: boolean): Template {
  const parsed = argv.map(parseArgument);
  const [program] = parsed;
  if (program === undefined || argv[0] === "") throw new TypeError("the command names no program");
  if (program.placeholders.length > 0) {
    throw new TypeError(`the program ${JSON.stringify(argv[0])} must not have placeholders`);
  }
  if (/^[^/]+\//.test(argv[0]!)) {
    throw new TypeError(
      `the program ${JSON.stringify(argv[0])} must be a name or an absolute path`,
    );
  }
  if (/(^|\/)(ba|da|k|z)?sh$/.test(argv[0]!)) refuseScript(parsed);
  const nul = argv.find((argument) => argument.includes("\0"));
  if (nul !== undefined) throw new TypeError(`NUL in the argument ${JSON.stringify(nul)}`);
  let ended = false; // after "--" nothing is an option
  return parsed.map(({ text, placeholders }, place) => {
    const repeated = placeholders.some((name) => OF_RECIPIENT.some((other) => other === name));
    const before = parsed[place - 1];
    // An option takes one argument: the second of several recipients no longer follows it.
    const taken = place > 1 && before?.placeholders.length === 0 && /^-./.test(before.text[0]!) &&
      !(repeated && several);
    const hyphen = text[0] !== "" || ended || taken;
    ended ||= placeholders.length === 0 && text[0] === "--";
    return { text, placeholders, repeated, hyphen };
  });
}

/** Everybody who sends mail could run commands through placeholders in the script of a shell. */
function refuseScript(parsed: readonly Pick<Argument, "text" | "placeholders">[]): void {
  const option = parsed.findIndex(({ text }) => /^-\w*c$/.test(text[0]!));
  const [name] = parsed[option + 1]?.placeholders ?? [];
  if (option < 0 || name === undefined) return;
  throw new TypeError(
    `the shell would run what {${name}} stands for: make it an argument behind the script, "$1" there`,
  );
}

function parseArgument(argument: string): Pick<Argument, "text" | "placeholders"> {
  const text: string[] = [];
  const placeholders: Placeholder[] = [];
  let piece = "";
  for (const [token] of argument.matchAll(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g)) {
    if (token === "{" || token === "}") {
      throw new TypeError(
        `${token} without its partner in ${
          JSON.stringify(argument)
        } (a brace is written ${token}${token})`,
      );
    }
    if (token === "{{" || token === "}}") piece += token.slice(1);
    else if (token.startsWith("{")) {
      placeholders.push(placeholder(token.slice(1, -1), argument));
      text.push(piece);
      piece = "";
    } else piece += token;
  }
  return { text: [...text, piece], placeholders };
}

function placeholder(name: string, argument: string): Placeholder {
  const known = PLACEHOLDERS.find((placeholder) => placeholder === name);
  if (known !== undefined) return known;
  throw new TypeError(
    `unknown placeholder {${name}} in ${JSON.stringify(argument)}: did you mean {${
      closest(name, PLACEHOLDERS)
    }}?`,
  );
}

/** What the placeholders stand for. The size is not known yet. */
export function valuesFor(
  { recipient, user = recipient.local, extension = "" }: Addressee,
  envelope: Envelope,
  nullSender: string,
): PlaceholderValues {
  return {
    recipient: String(recipient),
    local: recipient.local,
    user,
    extension,
    domain: canonicalName(recipient.domain),
    sender: envelope.sender === null ? nullSender : String(envelope.sender),
    peer: envelope.peer,
    helo: envelope.helo,
    hostname: envelope.hostname,
    "queue-id": envelope.id,
    size: "0",
  };
}

const ANY: Envelope = {
  id: "{queue-id}",
  session: "",
  sender: null,
  peer: "{peer}",
  helo: "{helo}",
  hostname: "{hostname}",
};

/** As {@linkcode valuesFor}, for any message: a placeholder of the message stands for itself. */
export const valuesForAny = (addressee: Addressee): PlaceholderValues => ({
  ...valuesFor(addressee, ANY, "{sender}"),
  size: "{size}",
});

/** Why the command line must not be run with these values, `undefined` if it may. */
export function refusalOf(template: Template, values: PlaceholderValues): string | undefined {
  for (const argument of template) {
    for (const name of argument.placeholders) {
      // deno-lint-ignore no-control-regex -- they are what must not be there
      if (/[\x00-\x1f\x7f]/.test(values[name])) return `control character in {${name}}`;
    }
    if (!argument.hyphen && fill(argument, values).startsWith("-")) {
      return `{${argument.placeholders[0]}} would be taken for an option`;
    }
  }
  return undefined;
}

/** The arguments for a process that serves one recipient or several. */
export function expand(template: Template, recipients: readonly PlaceholderValues[]): string[] {
  return template.flatMap((argument) =>
    (argument.repeated ? recipients : recipients.slice(0, 1)).map((values) =>
      fill(argument, values)
    )
  );
}

const fill = ({ text, placeholders }: Argument, values: PlaceholderValues): string =>
  text.reduce((filled, piece, i) => filled + values[placeholders[i - 1]!] + piece);
