/**
 * What the targets that run a program share: settings, a bound on how many run at once, the log.
 *
 * @module
 */
import { z } from "zod";
import { messageOf } from "../base/message_of.ts";
import { messageFields } from "../handler/log_fields.ts";
import type { LogFields } from "../log/event.ts";
import { prepend } from "../message/header.ts";
import { unixLines } from "../message/unix.ts";
import { Identities } from "./identity.ts";
import { type Kind, type Launch, launcher } from "./launch.ts";
import { attend, type Run, type Running } from "./mailer_process.ts";
import { Semaphore } from "../base/semaphore.ts";
import { outcomeOf, printEnding } from "./sysexits.ts";
import type { DeliveryContext, Envelope, Message, Outcome, Work } from "./target.ts";
import { expand, type Template, type Values } from "./template.ts";

/** How mailers are run. Times are in milliseconds. */
export interface PipeSettings {
  /** Processes at once. */
  readonly concurrency: number;
  /** How long one may take. */
  readonly timeout: number;
  /** How long one that must end has to do so, after TERM and before KILL. */
  readonly killGrace: number;
  /** Octets of what one says that the log keeps. */
  readonly outputLimit: number;
}

const SECOND = 1000, MINUTE = 60 * SECOND;

const DEFAULTS: PipeSettings = {
  concurrency: 20,
  timeout: 4 * MINUTE,
  killGrace: 5 * SECOND,
  outputLimit: 8192,
};

/** The longest time that a timer can take. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** A number of milliseconds for a timer. */
export const milliseconds: z.ZodInt = z.int().positive().max(MAX_TIMEOUT);

const SETTINGS = z.object({
  concurrency: z.int().positive(),
  timeout: milliseconds,
  killGrace: milliseconds,
  outputLimit: z.int().nonnegative(),
});

/** One process to run. */
export interface Job {
  readonly template: Template;
  readonly recipients: readonly Values[];
  readonly message: Message;
  /** Header fields to put on top of the message. */
  readonly header?: string;
  readonly user?: string | number | undefined;
  readonly group?: string | number | undefined;
  readonly timeout?: number | undefined;
}

/** Runs mailers. */
export class Mailer implements Work {
  readonly settings: PipeSettings;
  readonly #places: Semaphore;
  readonly #running = new Set<Running>();
  /** No more mailers are started. */
  #stopping = false;
  #jobs = 0;
  #finished: PromiseWithResolvers<void> | undefined;
  readonly #launch: Launch;
  readonly #identities = new Identities();

  /** @throws {TypeError} for settings that make no sense */
  constructor(settings: Partial<PipeSettings>, launch: Launch = launcher()) {
    this.#launch = launch;
    this.settings = { ...DEFAULTS, ...settings };
    const { error } = SETTINGS.safeParse(this.settings);
    if (error !== undefined) throw new TypeError(z.prettifyError(error));
    this.#places = new Semaphore(this.settings.concurrency);
  }

  /** Why mailers of this kind cannot be run on this machine now, `undefined` if they can. */
  obstacleTo({ template, user, group }: Kind): string | undefined {
    if (user === undefined && group === undefined) return undefined;
    try {
      const identity = this.#identities.find(user, group);
      return this.#launch.refusal?.(identity, { template, user, group });
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Runs one, as soon as there is a place for it. Never throws: others may have delivered already. */
  async run(job: Job, context: DeliveryContext): Promise<Outcome> {
    this.#jobs++;
    try {
      return await this.#inTurn(job, context);
    } finally {
      this.#jobs--;
      if (this.#jobs === 0) {
        this.#finished?.resolve();
        this.#finished = undefined;
      }
    }
  }

  idle(): Promise<void> {
    return this.#jobs === 0
      ? Promise.resolve()
      : (this.#finished ??= Promise.withResolvers<void>()).promise;
  }

  interrupt(): void {
    this.#stopping = true;
    for (const mailer of this.#running) mailer.interrupt();
  }

  kill(): void {
    this.#stopping = true;
    for (const mailer of this.#running) mailer.kill();
  }

  async #inTurn(job: Job, { envelope, log, signal }: DeliveryContext): Promise<Outcome> {
    let leave;
    try {
      leave = await this.#places.acquire(signal);
    } catch {
      return outcomeOf({ how: "interrupted" });
    }
    const size = String(job.message.size);
    const recipients = job.recipients.map((values) => ({ ...values, size }));
    const argv = expand(job.template, recipients);
    const start = performance.now();
    const run = await this.#run(argv, { ...job, recipients }, signal);
    leave();
    const seconds = Math.round(performance.now() - start) / 1000;
    if (log.wants("mailer")) log("mailer", fieldsOf(envelope, argv, seconds, run));
    return outcomeOf(run.ending, causeOf(run));
  }

  async #run(argv: readonly string[], job: Job, signal: AbortSignal): Promise<Run> {
    if (this.#stopping) return { ending: { how: "interrupted" }, output: "", complaint: "" };
    let how: "unknown account" | "not started" = "unknown account";
    try {
      const identity = this.#identities.find(job.user, job.group);
      how = "not started";
      const input = unixLines(prepend(job.message.read(), job.header ?? ""));
      const child = await this.#launch(argv, identity, job);
      const timeout = job.timeout ?? this.settings.timeout;
      const run = attend(child, input, { ...this.settings, timeout, signal }, this.#running);
      if (this.#stopping) this.interrupt(); // it was not there yet when the others were
      return await run;
    } catch (error) {
      return { ending: { how, error }, output: "", complaint: "" };
    }
  }
}

/** The outcome for a recipient whose address must not stand in the command line. */
export const refused = (cause: string): Outcome => ({
  result: "failed",
  status: "5.1.3",
  reason: "mailer: address cannot be passed on",
  cause,
});

function fieldsOf(
  envelope: Envelope,
  argv: readonly string[],
  seconds: number,
  { ending, output }: Run,
): LogFields["mailer"] {
  const command = printArgv(argv);
  return {
    ...messageFields(envelope),
    command,
    status: printEnding(ending),
    seconds,
    output: output || undefined,
  };
}

/** As a shell would want it. */
export const printArgv = (argv: readonly string[]): string => argv.map(quote).join(" ");

const quote = (argument: string): string =>
  /^([\w@%+=:,./-]|\{[\w-]+\})+$/.test(argument)
    ? argument
    : `'${argument.replaceAll("'", "'\\''")}'`;

/** Lines of what a mailer said that become a cause: its last one is often the least telling. */
const CAUSE_LINES = 4;

/** What went wrong, or else the last lines of what the mailer said, of its complaints if it had any. */
function causeOf({ ending, output, complaint }: Run): string | undefined {
  if ("error" in ending) return messageOf(ending.error);
  const said = complaint.trim() === "" ? output : complaint;
  const lines = said.split(/[\r\n]+/).map((line) => line.trim()).filter((line) => line !== "");
  return lines.length === 0 ? undefined : lines.slice(-CAUSE_LINES).join(" / ");
}
