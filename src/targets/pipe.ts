/**
 * The target that hands mail to a program on its standard input: procmail, maildrop, your own.
 *
 * The program finds `Return-Path:` on top of the message and nowhere else in its header, `Delivered-To:` below it
 * if it serves one recipient only, and the line ends of Unix. Its environment is PATH, HOME, USER, LOGNAME and SHELL
 * of the user it runs as, and the server's TZ and LANG. Its exit code (sysexits.h) says what became of the mail.
 * @module
 */
import { z } from "zod";
import { attempt } from "../base/kinds.ts";
import type { Target } from "../handler/reply.ts";
import { Arguments } from "./arguments.ts";
import { type Launch, RECIPIENT } from "./launch.ts";
import { Mailers, milliseconds, type PipeSettings, printArgv, refused } from "./mailer.ts";
import { finalInput } from "./mailer_input.ts";
import type { Delivery, DeliveryContext, Message, Outcome, TargetType } from "./target.ts";
import {
  expand,
  parseTemplate,
  type PlaceholderValues,
  refusalOf,
  valuesFor,
  valuesForAny,
} from "./template.ts";

/** Options of one pipe. */
export interface PipeOptions {
  /** How many recipients of a message one process may serve; 1 if not given. */
  readonly maxRecipients?: number;
  /**
   * The user to run as: a name or a number, or `{user}`, which is the user of the recipient, but never root. Without it,
   * the server's own.
   */
  readonly user?: string | number;
  /** The group to run as; without it, the user's. */
  readonly group?: string | number;
  /** Milliseconds that a process may take; the settings say how many if not given. */
  readonly timeout?: number;
  /** What `{sender}` stands for when the sender is the null path; `""` if not given. */
  readonly nullSender?: string;
}

/** A name or a number, or {@linkcode RECIPIENT}. */
export const account = z.union([z.string().min(1), z.int().nonnegative()]);

export const pipeArguments = new Arguments(
  "pipe",
  z.strictObject({
    argv: z.array(z.string()),
    maxRecipients: z.int().positive().default(1),
    user: account.optional(),
    group: account.optional(),
    timeout: milliseconds.optional(),
    nullSender: z.string().default(""),
  }).transform(attempt(({ argv, ...rest }) => {
    if (rest.user === RECIPIENT && rest.maxRecipients > 1) {
      throw new TypeError(
        `the user ${RECIPIENT} is that of one recipient: leave out maxRecipients`,
      );
    }
    return { ...rest, template: parseTemplate(argv, rest.maxRecipients > 1) };
  })),
);

type Pipe = ReturnType<typeof pipeArguments.read>;

/**
 * Mail goes to a program. There is no shell; each of `argv` is one argument, in which `{recipient}`,
 * `{user}`, `{extension}`, `{domain}`, `{local}`, `{sender}`, `{peer}`, `{helo}`, `{hostname}`, `{queue-id}`
 * and `{size}` are replaced. `{{` and `}}` are braces.
 *
 * ```ts
 * import { pipe } from "postmaster";
 *
 * pipe(["/usr/local/bin/deliver", "{user}", "{extension}"], { user: "vmail" });
 * ```
 *
 * @throws {TypeError} for a command or options that make no sense
 */
export function pipe(argv: readonly string[], options: PipeOptions = {}): Target {
  if (!isList(argv)) throw new TypeError(`pipe() needs ${COMMAND}, not ${shown(argv)}`);
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`the second argument of pipe() are options, not ${shown(options)}`);
  }
  return pipeArguments.target({ ...options, argv: [...argv] });
}

/**
 * Mail goes to procmail(1), which delivers it to a user of this machine.
 *
 * `-f` makes the sender the one of the mailbox's `From ` line. Procmail believes it if root or a trusted
 * user or group (daemon, mail, …) runs it; under any other user it adds a line `>From` with that user's name.
 * The target `mailer()` has it run with the group mail, where it can.
 * `-Y` makes it quote every line of the message that begins with `From `, and leave `Content-Length` alone.
 *
 * @param options more of procmail's, such as `["-a", "{extension}"]`
 * @throws {TypeError} for a user without a name, and options that make no sense
 */
export function procmail(user: string, options: readonly string[] = []): Target {
  if (typeof user !== "string" || !/^[^-\0]/.test(user)) {
    throw new TypeError(`${shown(user)} is not the name of a user`);
  }
  if (!isList(options)) {
    throw new TypeError(`the second argument of procmail() is ${OPTIONS}, not ${shown(options)}`);
  }
  const literal = user.replace(/[{}]/g, "$&$&");
  return pipe(["procmail", "-Y", "-f", "{sender}", ...options, "-d", literal], {
    nullSender: "MAILER-DAEMON",
  });
}

const COMMAND = 'a list, the program and its arguments, such as ["maildrop", "-d", "{user}"]';
const OPTIONS = 'a list of options, such as ["-a", "{extension}"]';

/** Types are not checked when modules run. */
const isList = (value: unknown): boolean => Array.isArray(value);
const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** The implementation of {@linkcode pipe}. */
export function pipeType(settings: Partial<PipeSettings> = {}, launch?: Launch): TargetType {
  const mailers = new Mailers(settings, launch);
  return {
    readsBody: true,
    work: mailers,
    faultIn: (args) => pipeArguments.faultIn(args),
    obstacleTo: (args) => mailers.obstacleTo(pipeArguments.read(args)),
    plan: (args, addressee) => plan(pipeArguments.read(args), valuesForAny(addressee)),
    destination: (args) => {
      const { maxRecipients } = pipeArguments.read(args);
      return maxRecipients > 1 ? `pipe ${printArgv(args.argv as readonly string[])}` : undefined;
    },
    open: (args, context) => deliver(mailers, pipeArguments.read(args), context),
  };
}

function plan({ template, user, group }: Pipe, values: PlaceholderValues): string | Outcome {
  const refusal = refusalOf(template, values);
  if (refusal !== undefined) return refused(refusal);
  const who = [user ?? "", ...(group === undefined ? [] : [group])].join(":");
  return printArgv(expand(template, [values])) + (who === "" ? "" : ` (as ${who})`);
}

function deliver(
  mailers: Mailers,
  { template, maxRecipients, nullSender, ...how }: Pipe,
  context: DeliveryContext,
): Delivery {
  const { envelope } = context;
  const accepted: PlaceholderValues[] = [];
  let message: Message;
  const run = async (recipients: readonly PlaceholderValues[]): Promise<Outcome[]> => {
    const input = finalInput(message, envelope, recipients);
    const outcome = await mailers.run({ ...how, ...input, template, recipients }, context);
    return recipients.map(() => outcome);
  };
  return {
    recipient: (addressee) => {
      const values = valuesFor(addressee, envelope, nullSender);
      const refusal = refusalOf(template, values);
      if (refusal !== undefined) return refused(refusal);
      return void accepted.push(values);
    },
    body: (given) => Promise.resolve(void (message = given)),
    commit: async () => (await Promise.all(batches(accepted, maxRecipients).map(run))).flat(),
    abort: () => Promise.resolve(),
  };
}

function batches<T>(all: readonly T[], size: number): T[][] {
  return Array.from(
    { length: Math.ceil(all.length / size) },
    (_, i) => all.slice(i * size, (i + 1) * size),
  );
}
