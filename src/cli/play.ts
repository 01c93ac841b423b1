/**
 * A simulated session in progress, printed as a transcript of it.
 * @module
 */
import { printSteps } from "../handler/print_steps.ts";
import { printPath } from "../smtp/mailbox.ts";
import type { Targets } from "../targets/target.ts";
import type { Asked } from "../testing/dialogue_of.ts";
import type { Kept } from "../testing/outbox.ts";
import type { Exchange, Simulation } from "../testing/simulation.ts";
import { disagreement, TranscriptError, type TranscriptStep } from "../testing/transcript.ts";
import { printLine, printSent } from "./print_bytes.ts";
import type { Printer } from "./printer.ts";
import { printPlan } from "./simulated.ts";
import { placeOf } from "./typed_session.ts";

/** What is shown besides the dialogue. */
export interface PlayOptions {
  /** What each handler did. */
  readonly explain?: boolean;
  /** Accepted messages, as targets would get them. */
  readonly showMessage?: boolean;
}

/** Characters of a message that are sent at once. */
const PIECE = 64 * 1024;

/** True for a line that may end a message: the dot, and bytes that are no whole line. */
const mayBeLast = ({ text }: TranscriptStep): boolean =>
  text === ".\r\n" || !/^[^\r\n]*\r\n$/.test(text);

/** A session in progress, and how it looks. */
export class Play {
  readonly #simulation: Simulation;
  readonly #targets: Targets;
  readonly #options: PlayOptions;
  readonly #printer: Printer;
  /** A terminal shows what is typed. */
  readonly #echo = !Deno.stdin.isTerminal();
  /** Lines of the server that no `S:` line has matched yet. */
  readonly #said: string[] = [];
  /** The server waits for the rest of a message. */
  #inMessage = false;
  /** Lines of a message, which are sent in larger pieces. */
  #unsent = "";
  #deaf = false;

  constructor(simulation: Simulation, targets: Targets, options: PlayOptions, printer: Printer) {
    this.#simulation = simulation;
    this.#targets = targets;
    this.#options = options;
    this.#printer = printer;
  }

  /** Sends a line of the client, or checks one of the server. */
  async take(step: TranscriptStep): Promise<void> {
    if (step.kind === "server") {
      await this.#send();
      return await this.#check(step);
    }
    if (this.#simulation.closed) return this.#notSent(step);
    if (this.#echo) this.#printer.print(printSent(step.text));
    this.#unsent += step.text;
    if (!this.#inMessage || mayBeLast(step) || this.#unsent.length > PIECE) await this.#send();
  }

  async end(): Promise<void> {
    await this.#send();
    if (this.#inMessage && !this.#simulation.closed) {
      throw new TranscriptError(
        "standard input: the message has no end: a line with nothing but a dot ends it",
      );
    }
  }

  /** Prints what the server said and, if that is wanted, why. */
  show({ lines, asked, kept }: Exchange): void {
    for (const line of lines) this.#printer.print(`S: ${line}`);
    this.#said.push(...lines);
    if (lines.length > 0) this.#inMessage = lines.at(-1)!.startsWith("354");
    if (this.#options.explain) asked.forEach((each) => this.#explain(each));
    for (const copies of Map.groupBy(kept, ({ message }) => message).values()) this.#report(copies);
    if (this.#simulation.closed) this.#printer.print("S: closed");
    if (lines.length > 0) this.#printer.flush();
  }

  async #send(): Promise<void> {
    if (this.#unsent === "") return;
    const text = this.#unsent;
    this.#unsent = "";
    this.show(await this.#simulation.send(text));
  }

  #explain({ event, steps }: Asked): void {
    for (const line of printSteps(steps)) this.#printer.comment(`  ${line}`);
    if (event.type !== "AddRcptTo") return;
    for (const route of steps[0]?.reply?.routes ?? []) {
      this.#printer.comment(`  ${printPlan(event.mailbox, route, this.#targets)}`);
    }
  }

  /** Where the copies of one message would have gone. */
  #report(copies: readonly Kept[]): void {
    const { message, sender, hold } = copies[0]!;
    const fate = hold === undefined ? "go" : `be on hold (${printLine(hold)}), then go`;
    this.#printer.comment(`${message.length} octets from ${printPath(sender)} would ${fate}:`);
    for (const { target, args, recipients } of copies) {
      for (const recipient of recipients) {
        const route = { recipient, target: { target, args } };
        this.#printer.comment(`  ${printPlan(recipient, route, this.#targets)}`);
      }
    }
    if (!this.#options.showMessage) return;
    for (const line of message.split("\r\n").slice(0, -1)) {
      this.#printer.print(line === "" ? "# |" : `# | ${printLine(line)}`);
    }
  }

  #notSent({ line }: TranscriptStep): void {
    if (!this.#deaf) {
      this.#printer.comment(`the server has closed: line ${line} and those below are not sent`);
    }
    this.#deaf = true;
  }

  async #check(step: TranscriptStep): Promise<void> {
    const pattern = step.text;
    const isSilent = this.#said.length === 0 && !this.#simulation.closed;
    const problem = isSilent
      ? `expected \`${pattern}\`, but the server says nothing more`
      : await disagreement({ line: () => Promise.resolve(this.#said.shift()) }, pattern);
    if (problem !== undefined) throw new TranscriptError(`${placeOf(step)}: ${problem}`);
  }
}
