/**
 * One command of the client, from the event of the engine to the reply to the client.
 * @module
 */
import type { Event } from "./event.ts";
import type { Reply } from "./reply.ts";
import type { Supervisor } from "./supervisor.ts";

/** What all handlers share while one command is answered, at every depth. */
export class Command {
  /** The event of the engine, before any handler changed it. */
  readonly event: Event;
  /** The watch over the handlers that are asked. */
  readonly supervisor: Supervisor;
  #values: Map<string, unknown> | undefined;
  #waiting: ((answer: Reply) => void)[] | undefined;
  #answer: Reply | undefined;

  constructor(event: Event, supervisor: Supervisor) {
    this.event = event;
    this.supervisor = supervisor;
  }

  /** The values of variables with the scope `command`. */
  get values(): Map<string, unknown> {
    return this.#values ??= new Map();
  }

  /** Sets the reply to the client; later calls do not count. */
  answered(answer: Reply): void {
    if (this.#answer !== undefined) return;
    this.#answer = answer;
    for (const then of this.#waiting ?? []) then(answer);
  }

  /** Calls `then` with the reply to the client, at once if there is one already. */
  whenAnswered(then: (answer: Reply) => void): void {
    if (this.#answer !== undefined) return then(this.#answer);
    (this.#waiting ??= []).push(then);
  }
}
