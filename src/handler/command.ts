/**
 * One command of the client, from the event that the engine asks to what the client is told.
 *
 * @module
 */
import type { Event } from "./event.ts";
import type { Reply } from "./reply.ts";

/** What all handlers share that are asked for one command, however often and however deep. */
export class Command {
  /** What the engine asked, before any handler changed it. */
  readonly event: Event;
  #values: Map<string, unknown> | undefined;
  #waiting: ((answer: Reply) => void)[] | undefined;
  #answer: Reply | undefined;

  constructor(event: Event) {
    this.event = event;
  }

  /** The values of variables with the scope `command`. */
  get values(): Map<string, unknown> {
    return this.#values ??= new Map();
  }

  /** The client is told this; what is said later does not count. */
  answered(answer: Reply): void {
    if (this.#answer !== undefined) return;
    this.#answer = answer;
    for (const then of this.#waiting ?? []) then(answer);
  }

  /** Calls `then` with what the client is told, at once if it has been told already. */
  whenAnswered(then: (answer: Reply) => void): void {
    if (this.#answer !== undefined) return then(this.#answer);
    (this.#waiting ??= []).push(then);
  }
}
