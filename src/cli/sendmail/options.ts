/**
 * The options of `sendmail`, as programs know them from Sendmail and Postfix.
 * @module
 */

/** What a call of `sendmail` wants. */
export interface SendmailCall {
  /** `-bm`, and so on: what is to be done. */
  readonly mode: Mode;
  /** `-t`: the recipients are in the header. */
  readonly fromHeader: boolean;
  /** `-i`: a line with a single dot is a line of the message, and does not end it. */
  readonly ignoresDots: boolean;
  /** `-f`, `-r`: the sender, as it is written. */
  readonly sender: string | undefined;
  /** `-F`: the full name of the sender. */
  readonly fullName: string | undefined;
  /** `-N`, `-R`, `-V`: NOTIFY, RET and ENVID of RFC 3461. */
  readonly notify: string | undefined;
  readonly ret: string | undefined;
  readonly envid: string | undefined;
  /** The drop directory, if the installation has another one than the default. */
  readonly drop: string | undefined;
  /** `-C`: the configuration, for the queue. */
  readonly config: string | undefined;
  readonly recipients: readonly string[];
}

/** What `sendmail` can do: send a message, show the queue, speak SMTP, try what waits, or nothing about aliases. */
export type Mode = "send" | "list" | "smtp" | "flush" | "aliases";

/** The call makes no sense. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The modes of `-b`. */
const MODES: Readonly<Record<string, Mode>> = { m: "send", p: "list", s: "smtp", i: "aliases" };

/** Modes of other programs, and what is to be used here. */
const NOT_HERE: Readonly<Record<string, string>> = {
  d: "the server is started by `postmaster run`, or by systemd",
  D: "the server is started by `postmaster run`, or by systemd",
  t: "`postmaster simulate` and `postmaster route` show what becomes of mail",
  v: "`postmaster route ADDRESS` says where mail for an address goes",
};

/** The options with a value, in the same word or in the next one. */
const WITH_VALUE = "ABCFLNORVXbefhopr";
/** The options that may have a value in the same word. */
const WITH_MORE = "dq";
/** The options without a value. Those that nothing here needs are ignored. */
const FLAGS = "GIUcimnstvx";

/** The option of this program alone, which the wrapper of an installation gives. */
const DROP = "--drop=";

type Values = Readonly<Record<string, string>>;

/**
 * Reads the arguments. Options may stand behind recipients, as getopt(3) has it, and together: `-ti`.
 *
 * @throws {UsageError}
 */
export function parseCall(args: readonly string[]): SendmailCall {
  const values: Record<string, string> = {};
  const recipients: string[] = [];
  let drop: string | undefined;
  let at = 0;
  for (; at < args.length && args[at] !== "--"; at++) {
    const word = args[at]!;
    if (word.startsWith(DROP)) drop = word.slice(DROP.length);
    else if (!word.startsWith("-") || word === "-") recipients.push(word);
    else if (readWord(word, args[at + 1], values)) at++;
  }
  recipients.push(...args.slice(at + 1));
  return callOf(values, recipients, drop);
}

/** Reads a word of options. True if it takes the next word, too. */
function readWord(word: string, next: string | undefined, values: Record<string, string>): boolean {
  for (let at = 1; at < word.length; at++) {
    const option = word[at]!;
    const rest = word.slice(at + 1);
    if (FLAGS.includes(option)) values[option] = "";
    else if (WITH_MORE.includes(option)) return note(option, rest, values);
    else if (WITH_VALUE.includes(option)) {
      if (rest !== "") return note(option, rest, values);
      if (next === undefined) throw new UsageError(`the option -${option} needs a value`);
      note(option, next, values);
      return true;
    } else throw new UsageError(`there is no option -${option}`);
  }
  return false;
}

/** `-o` may stand there several times, and each has a letter of its own; so have the long ones of `-O`. */
function note(option: string, value: string, values: Record<string, string>): false {
  const isLong = option === "O" || option === "o" && value.startsWith(" ");
  if (isLong) values[`O ${value.split("=")[0]!.trim().toLowerCase()}`] = value;
  else if (option === "o") values[`o${value[0] ?? ""}`] = value.slice(1);
  else values[option] = value;
  return false;
}

function callOf(
  values: Values,
  recipients: readonly string[],
  drop: string | undefined,
): SendmailCall {
  const { b = "m", q, f, r, F: fullName, N: notify, R: ret, V: envid, C: config } = values;
  const mode = MODES[b[0] ?? ""];
  if (mode === undefined) {
    throw new UsageError(NOT_HERE[b[0] ?? ""] ?? `there is no option -b${b}`);
  }
  return {
    mode: mode === "send" && q !== undefined ? "flush" : mode,
    fromHeader: "t" in values,
    ignoresDots: "i" in values || "oi" in values || "O ignoredots" in values,
    sender: f ?? r,
    notify: notify?.toUpperCase(),
    ret: ret?.toUpperCase(),
    ...{ fullName, envid, drop, config, recipients },
  };
}
