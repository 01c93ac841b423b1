/**
 * A simulated session with a chain: the real engine, and a record of what it asked.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Handler } from "../handler/handler.ts";
import type { Dialogue } from "../server/dialogue.ts";
import { type Asked, dialogueOf, type Ground, transportTo } from "./dialogue_of.ts";
import { keeping, type Kept } from "./outbox.ts";

/** What the server answers, and why. */
export interface Exchange {
  /** The lines of its replies, without CRLF. */
  readonly lines: readonly string[];
  /** The events for which it asked its handlers. */
  readonly asked: readonly Asked[];
  /** The messages that it accepted. */
  readonly kept: readonly Kept[];
}

/** What a simulated session is like; the targets say where mail would go. */
export type SimulationSetup = Omit<Ground, "clock" | "newId" | "asked">;

/** Milliseconds between two looks at the deadlines. */
const TICK = 100;

/** One session. Nothing is delivered; time is real. */
export class Simulation {
  readonly #dialogue: Dialogue;
  readonly #ticking: ReturnType<typeof setInterval>;
  #closed = false;
  #lines: string[] = [];
  #asked: Asked[] = [];
  /** What was asked for the replies that have been sent. */
  #answered: Asked[] = [];
  #kept: Kept[] = [];
  #wake: () => void = () => {};

  private constructor(policy: Handler, setup: SimulationSetup) {
    const transport = transportTo((replies) => this.#take(replies), () => this.#end());
    let ids = 0;
    this.#dialogue = dialogueOf(policy, {
      ...setup,
      targets: keeping(this.#kept, setup.targets),
      clock: CLOCK,
      newId: () => `SIMULATED${ids++}`,
      asked: (asked) => this.#asked.push(asked),
    }, transport);
    this.#ticking = setInterval(() => this.#dialogue.checkDeadlines(), TICK);
  }

  /** Connects, and waits for the greeting. */
  static begin(
    policy: Handler,
    setup: SimulationSetup,
  ): Promise<{ simulation: Simulation; greeting: Exchange }> {
    const simulation = new Simulation(policy, setup);
    simulation.#dialogue.start();
    return simulation.#settled().then((greeting) => ({ simulation, greeting }));
  }

  /** The server has ended the session. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Sends bytes, one for each character, and waits for all replies. */
  send(text: string): Promise<Exchange> {
    this.#dialogue.receive(Buffer.from(text, "latin1"));
    return this.#settled();
  }

  /** Hangs up. */
  end(): void {
    clearInterval(this.#ticking);
    this.#dialogue.lost();
  }

  async #settled(): Promise<Exchange> {
    while (!this.#closed && !this.#dialogue.idle) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const lines = this.#lines.splice(0);
    return { lines, asked: this.#answered.splice(0), kept: this.#kept.splice(0) };
  }

  #take(replies: string): boolean {
    this.#lines.push(...replies.slice(0, -2).split("\r\n"));
    this.#answered.push(...this.#asked.splice(0));
    this.#wake();
    return true;
  }

  #end(): void {
    this.#closed = true;
    this.#wake();
  }
}

const CLOCK = {
  get now(): number {
    return performance.now();
  },
};
