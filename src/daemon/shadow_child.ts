/**
 * The process that asks candidates, as the program sees it that has started it. Whatever the candidates do, the process
 * is ended if it hangs or takes too much memory.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { tried } from "../base/tried.ts";
import type { RecordType } from "../dns/records.ts";
import { toPlainText } from "../handler/plain_text.ts";
import type { Outlet } from "../shadow/feed.ts";
import { Gathering } from "../shadow/frames.ts";
import type { Answer, Findings, Said, Told } from "../shadow/observed.ts";
import { startOwn } from "./own_program.ts";
import type { Terms } from "./shadow_terms.ts";

/** The command of the process, for the program only. */
export const SHADOW_PROCESS = "shadow-process";

/** The permissions of the process; it gives up most of them. */
const FLAGS = [
  "--quiet",
  "--no-prompt",
  "--allow-read",
  "--allow-env",
  "--allow-sys",
  "--allow-ffi",
];

/** Milliseconds: for the candidates to be loaded, and for each sign of life. */
const START = 60_000;
const SILENCE = 15_000;
/** Octets of memory that the process may take, and of them for JavaScript. */
const MOST_MEMORY = 1024 * 1024 * 1024;
const HEAP = "--max-old-space-size=512";
/** Characters of a line that it says. */
const LONGEST_LINE = 8 * 1024 * 1024;

/** Who has started the process. */
export interface ShadowParent {
  /** Looks up a name for it. */
  ask(name: string, type: RecordType): Promise<Answer>;
  /** It has found something. */
  found(findings: Findings): void;
}

/** One process. */
export class ShadowChild implements Outlet, Disposable {
  readonly #parent: ShadowParent;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #gathering = new Gathering();
  readonly #ready = Promise.withResolvers<boolean>();
  readonly #ended: Promise<string>;
  #idle = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  /** Why it was ended. */
  #reason: string | undefined;

  constructor(terms: Terms, parent: ShadowParent) {
    this.#parent = parent;
    this.#child = startOwn(SHADOW_PROCESS, FLAGS, {
      env: { DENO_V8_FLAGS: HEAP },
      ...{ stdin: "piped", stdout: "piped", stderr: "null" },
    });
    this.#input = this.#child.stdin.getWriter();
    this.#say(JSON.stringify(terms)).catch(() => {});
    this.#wait(START, "the handlers of the shadow were not loaded in time");
    this.#ended = this.#live();
  }

  /** Whether the candidates were loaded. */
  get ready(): Promise<boolean> {
    return this.#ready.promise;
  }

  /** It has ended, or does so. */
  get hasEnded(): boolean {
    return this.#reason !== undefined || this.#isOver;
  }

  /** Why it has ended; never rejects. */
  get ended(): Promise<string> {
    return this.#ended;
  }

  /** Resolves once the octets are taken. */
  async write(octets: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#input.write(octets);
  }

  /** Nothing more is told. */
  async close(): Promise<void> {
    await this.#input.close();
  }

  /** Tells something. Resolves once it is taken. */
  async tell(told: Told): Promise<void> {
    await this.#say(toPlainText(told));
  }

  /** Resolves once all that was told was answered and found, or the process has ended. */
  async idle(): Promise<void> {
    this.#idle = Promise.withResolvers();
    await this.tell({ kind: "rest" });
    await Promise.race([this.#idle.promise, this.#ended]);
  }

  /** Ends the process. */
  stop(reason: string): void {
    this.#reason ??= reason;
    tried(() => this.#child.kill("SIGKILL")); // else it has ended
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.stop("it is not needed any longer");
    this.#input.abort().catch(() => {});
  }

  async #say(text: string): Promise<void> {
    this.#gathering.text(text);
    await this.write(this.#gathering.take());
  }

  /** Ends the process if it says nothing for so long. */
  #wait(milliseconds: number, otherwise: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(otherwise), milliseconds);
  }

  /** Reads what the process says, until its end. */
  async #live(): Promise<string> {
    try {
      await this.#read();
    } catch (error) {
      this.stop(messageOf(error));
    }
    this.#isOver = true;
    this.#ready.resolve(false);
    const { code, signal } = await this.#child.status;
    clearTimeout(this.#timer);
    return this.#reason ?? `its process has ended (${signal ?? `exit status ${code}`})`;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      if (rest.length > LONGEST_LINE) return this.stop("it prints without end");
      for (const line of lines) this.#hear(line);
    }
  }

  #hear(line: string): void {
    const said = tried(() => JSON.parse(line) as Said); // a candidate may print something by itself
    switch (said?.kind) {
      case "ready":
        this.#await();
        return this.#ready.resolve(true);
      case "fault":
        return this.stop(said.reason);
      case "found":
        return this.#parent.found(said.found);
      case "rested":
        return this.#idle.resolve();
      case "pulse":
        this.#await();
        if (said.memory > MOST_MEMORY) this.stop("it takes more than 1 GiB of memory");
        return;
      case "question":
        void this.#answer(said);
    }
  }

  #await(): void {
    this.#wait(
      SILENCE,
      `it did not answer for ${SILENCE / 1000} seconds: a handler works without end`,
    );
  }

  async #answer({ question, name, type }: Extract<Said, { kind: "question" }>): Promise<void> {
    const answer = await this.#parent.ask(name, type);
    await this.tell({ kind: "answer", question, answer }).catch(() => {}); // it has ended
  }
}
