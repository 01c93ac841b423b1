/**
 * `postmaster simulate`: a session with the configured chain, typed on the standard input.
 * @module
 */
import type { ClientFlags } from "./client_flags.ts";
import { Play, type PlayOptions } from "./play.ts";
import { Printer } from "./printer.ts";
import { simulated } from "./simulated.ts";
import { readSession } from "./typed_session.ts";

/** What the command line may say. */
export type SimulateFlags = ClientFlags & PlayOptions;

/**
 * Plays what is typed to the server that would run, and prints the session as a transcript. Delivers nothing.
 *
 * @throws {TranscriptError} if something cannot be typed, or an `S:` line does not match
 */
export async function simulate(flags: SimulateFlags): Promise<void> {
  const printer = new Printer();
  const { begin, targets } = await simulated(flags, (line) => printer.comment(line));
  const { simulation, greeting } = await begin();
  const play = new Play(simulation, targets, flags, printer);
  try {
    play.show(greeting);
    for await (const step of readSession(Deno.stdin.readable)) await play.take(step);
    await play.end();
  } finally {
    simulation.end();
    printer.flush();
  }
}
