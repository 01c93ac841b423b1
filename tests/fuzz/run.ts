/**
 * One session of the fuzzer: all that happens in it follows from its seed.
 * @module
 */
import { EngineSession } from "./engine.ts";
import { turns } from "./policy.ts";
import { faultIn } from "./model.ts";
import { mutated } from "./mutate.ts";
import { Random } from "./random.ts";
import { cut, madeUp, RECORDED, type Transcript } from "./transcripts.ts";
import { randomWorld, type World } from "./world.ts";

/** What a client does. */
export type Act =
  /** Sends octets at once, one character each. */
  | { readonly send: string }
  /** Waits a moment, or until the server has answered everything. */
  | "pause"
  | "settle"
  /** The last act: sends no more, or goes away. */
  | "end"
  | "vanish";

/** A session before it happens. */
export interface Plan {
  readonly seed: number;
  readonly world: World;
  readonly acts: readonly Act[];
}

/** The session of a seed. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const world = randomWorld(random);
  const some = (): Transcript => random.chance(0.3) ? random.pick(RECORDED) : madeUp(random);
  const steps = mutated(some(), random, some);
  return { seed, world, acts: [...acts(steps, random)] };
}

function* acts(steps: Transcript, random: Random): Iterable<Act> {
  const isPatient = random.chance(0.5);
  const whole = random.chance(0.3);
  for (const step of whole ? [steps.join("")] : steps) {
    for (const send of pieces(step, random)) {
      yield { send };
      if (random.chance(0.1)) yield "pause";
    }
    if (isPatient || random.chance(0.2)) yield "settle";
  }
  yield random.chance(0.1) ? "vanish" : random.chance(0.5) ? "end" : "settle";
}

/** The pieces in which a step is sent: it is whole, cut in a few, or in single octets. */
function pieces(step: string, random: Random): string[] {
  const kind = random.below(4);
  if (kind === 0 && step.length < 2000) return [...step];
  return (kind < 3 ? [step] : cut(step, random)).filter((piece) => piece !== "");
}

/** Plays a session, and says what is wrong with it. */
export async function play({ seed, world, acts }: Plan): Promise<string | undefined> {
  const session = new EngineSession(world, new Random(seed ^ 0x5eed));
  try {
    for (const act of [...acts, "settle"] as const) {
      if (typeof act === "object") await session.write(act.send);
      else if (act === "pause") await session.idle();
      else if (act === "end") session.end();
      else if (act === "vanish") await session.vanish();
      else {
        await session.settle();
        const fault = faultIn(world, session.heard);
        if (fault !== undefined) return fault;
      }
    }
  } catch (error) {
    return String((error as Error)?.stack ?? error);
  }
  if (!session.heard.closed) await session.vanish();
  await turns(5);
  const held = await session.outlived();
  return held === 0 ? undefined : `${held} octets are held after the session`;
}
