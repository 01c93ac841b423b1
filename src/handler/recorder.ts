/**
 * What a session tells of itself as it goes on, so that somebody can explain later what happened in it.
 * @module
 */
import type { Event } from "./event.ts";
import type { Reply } from "./reply.ts";
import type { SessionState } from "./session.ts";
import type { Step, Supervisor } from "./supervisor.ts";

/** An event that handlers were asked. */
export interface AskedEvent {
  readonly event: Event;
  /** What each handler did. */
  readonly steps: readonly Step[];
  /** The answer; `undefined` if nobody waited for one any more. */
  readonly reply: Reply | undefined;
  /** How long the handlers took. */
  readonly milliseconds: number;
}

/** Keeps what happens in one session. Nothing of it throws or takes long. */
export interface Recorder {
  asked(asked: AskedEvent): void;
  /** A message has come to its end, accepted or not. */
  message(
    message: { readonly id: string; readonly size: number; readonly accepted: boolean },
  ): void;
  end(): void;
}

/** Is told the answer to an event; `undefined` if nobody waits for one any more. */
export type AnswerRecord = (reply: Reply | undefined) => void;

/**
 * Has the handlers recorded that are asked next.
 *
 * @returns what is told their answer; `undefined` if nobody wants to know what happens in the session
 */
export function recordNext(
  { recorder }: SessionState,
  supervisor: Supervisor,
  event: Event,
): AnswerRecord | undefined {
  if (recorder === undefined) return undefined;
  const steps: Step[] = supervisor.recording = [];
  const start = performance.now();
  return (reply) => {
    if (supervisor.recording === steps) supervisor.recording = undefined;
    recorder.asked({ event, steps, reply, milliseconds: performance.now() - start });
  };
}
