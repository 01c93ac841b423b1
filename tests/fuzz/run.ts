/**
 * One session of the fuzzer: all that happens in it follows from its seed.
 * @module
 */
import { EngineSession } from "./engine.ts";
import { turns } from "./policy.ts";
import { faultIn } from "./model.ts";
import { mutated } from "./mutate.ts";
import { Random } from "./random.ts";
import { madeUp, RECORDED, type Transcript } from "./transcripts.ts";
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
    for (const send of cut(step, random)) {
      yield { send };
      if (random.chance(0.1)) yield "pause";
    }
    if (isPatient || random.chance(0.2)) yield "settle";
  }
  yield random.chance(0.1) ? "vanish" : random.chance(0.5) ? "end" : "settle";
}

/** Cuts a text in pieces: none, few, or single octets. */
function cut(text: string, random: Random): string[] {
  const kind = random.below(4);
  if (kind === 0 && text.length < 2000) return [...text];
  if (kind < 3) return text === "" ? [] : [text];
  const places = random.times(random.between(1, 10), () => random.below(text.length + 1));
  places.sort((a, b) => a - b);
  return [0, ...places].map((place, i) => text.slice(place, places[i] ?? text.length))
    .filter((piece) => piece !== "");
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
