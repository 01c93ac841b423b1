/**
 * Running mailers: what the targets that run a program share.
 * @module
 */
import { z } from "zod";
import { messageOf } from "../base/message_of.ts";
import { messageFields } from "../handler/log_fields.ts";
import { Identities, type Identity } from "./identity.ts";
import {
  identityFor,
  type Launch,
  launcher,
  type Order,
  type Program,
  RECIPIENT,
} from "./launch.ts";
import { attend, type MailerRun, type Running } from "./mailer_process.ts";
import { Semaphore } from "../base/semaphore.ts";
import { outcomeOf, printEnding } from "./sysexits.ts";
import type { DeliveryContext, Outcome, Work } from "./target.ts";
import { expand } from "./template.ts";

const MAX_TIMEOUT = 2 ** 31 - 1;

/** A number of milliseconds for a timer. */
export const milliseconds: z.ZodInt = z.int().positive().max(MAX_TIMEOUT);

const settingsSchema = z.object({
  /** Processes at once. */
  concurrency: z.int().positive().default(20),
  /** How long one may take. */
  timeout: milliseconds.default(4 * 60 * 1000),
  /** How long one that must end has to do so, after TERM and before KILL. */
  killGrace: milliseconds.default(5000),
  /** Octets of the output of one that the log keeps. */
  outputLimit: z.int().nonnegative().default(8192),
});

/** How mailers are run. Times are in milliseconds. */
export type PipeSettings = Readonly<z.infer<typeof settingsSchema>>;

export interface Job extends Order {
  /** Octets of the message. */
  readonly size: number;
  /** What the mailer reads. */
  input(): AsyncIterable<Uint8Array>;
  readonly timeout?: number | undefined;
  /** What became of the mail, if the mailer says more than its exit code does. */
  readonly outcomeOf?: (run: MailerRun) => Outcome | undefined;
}

/** Runs mailers, so many at once. */
export class Mailers implements Work {
  readonly #settings: PipeSettings;
  readonly #places: Semaphore;
  readonly #jobs = new Set<Promise<Outcome>>();
  readonly #running = new Set<Running>();
  /** No more mailers are started. */
  #stopping = false;
  readonly #launch: Launch;
  readonly #identities = new Identities();

  /** @throws {TypeError} for settings that make no sense */
  constructor(settings: Partial<PipeSettings>, launch: Launch = launcher()) {
    const { data, error } = settingsSchema.safeParse(settings);
    if (error !== undefined) throw new TypeError(z.prettifyError(error));
    this.#settings = data;
    this.#launch = launch;
    this.#places = new Semaphore(data.concurrency);
  }

  /** Why this program cannot be run on this machine now, `undefined` if it can. */
  obstacleTo({ template, user, group }: Program): string | undefined {
    if (user === undefined && group === undefined || user === RECIPIENT) return undefined;
    try {
      const identity = this.#identities.find(user, group);
      return this.#launch.refusal?.(identity, { template, user, group });
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Who the program of an order is to run as. Throws if that cannot be told, and for root as a recipient. */
  identityFor(order: Order): Identity {
    return identityFor(order, (user, group) => this.#identities.find(user, group));
  }

  /** Runs a mailer as soon as there is a place for it. Never throws: others may have delivered already. */
  run(job: Job, context: DeliveryContext): Promise<Outcome> {
    return this.inTurn(() => this.#runLogged(job, context), context);
  }

  /** Does what a mailer would do, by the same rules. `work` never throws. */
  inTurn(work: () => Promise<Outcome>, { signal }: DeliveryContext): Promise<Outcome> {
    const outcome = this.#atPlace(work, signal);
    this.#jobs.add(outcome);
    return outcome.finally(() => this.#jobs.delete(outcome));
  }

  async idle(): Promise<void> {
    while (this.#jobs.size > 0) await Promise.allSettled(this.#jobs);
  }

  interrupt(): void {
    this.#stopping = true;
    for (const mailer of this.#running) mailer.interrupt();
  }

  kill(): void {
    this.#stopping = true;
    for (const mailer of this.#running) mailer.kill();
  }

  async #atPlace(work: () => Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
    const leave = await this.#places.acquire(signal).catch(() => undefined);
    if (leave === undefined) return outcomeOf({ how: "interrupted" });
    try {
      return this.#stopping ? outcomeOf({ how: "interrupted" }) : await work();
    } finally {
      leave();
    }
  }

  async #runLogged(job: Job, { envelope, log, signal }: DeliveryContext): Promise<Outcome> {
    const size = String(job.size);
    const recipients = job.recipients.map((values) => ({ ...values, size }));
    const argv = expand(job.template, recipients);
    const start = performance.now();
    const run = await this.#run(argv, { ...job, recipients }, signal);
    const seconds = Math.round(performance.now() - start) / 1000;
    if (log.wants("mailer")) {
      const command = printArgv(argv);
      const status = printEnding(run.ending);
      const output = run.output || undefined;
      log("mailer", { ...messageFields(envelope), command, status, seconds, output });
    }
    return job.outcomeOf?.(run) ?? outcomeOf(run.ending, causeOf(run));
  }

  async #run(argv: readonly string[], job: Job, signal: AbortSignal): Promise<MailerRun> {
    let how: "unknown account" | "not started" = "unknown account";
    try {
      const identity = this.identityFor(job);
      how = "not started";
      const input = job.input();
      const child = await this.#launch(argv, identity, job);
      const timeout = job.timeout ?? this.#settings.timeout;
      const run = attend(child, input, { ...this.#settings, timeout, signal }, this.#running);
      if (this.#stopping) this.interrupt(); // it was not there yet when the others were
      return await run;
    } catch (error) {
      return { ending: { how, error }, output: "", complaint: "" };
    }
  }
}

/** The outcome for a recipient whose address must not be in a command line. */
export const refused = (cause: string): Outcome => ({
  result: "failed",
  status: "5.1.3",
  reason: "mailer: address cannot be passed on",
  cause,
});

/** A command line as one would type it in a shell. */
export const printArgv = (argv: readonly string[]): string => argv.map(quote).join(" ");

const quote = (argument: string): string =>
  /^([\w@%+=:,./-]|\{[\w-]+\})+$/.test(argument)
    ? argument
    : `'${argument.replaceAll("'", "'\\''")}'`;

/** How many last lines of a mailer's output become the cause: the last one alone often says least. */
const CAUSE_LINES = 4;

/** What went wrong: the error, or the last lines of the standard error, or else of all output. */
function causeOf({ ending, output, complaint }: MailerRun): string | undefined {
  if ("error" in ending) return messageOf(ending.error);
  const said = complaint.trim() === "" ? output : complaint;
  const lines = said.split(/[\r\n]+/).map((line) => line.trim()).filter((line) => line !== "");
  return lines.length === 0 ? undefined : lines.slice(-CAUSE_LINES).join(" / ");
}
