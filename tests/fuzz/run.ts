/**
 * One session of the fuzzer: all that happens in it follows from its seed.
 * @module
 */
import { Buffer } from "node:buffer";
import { EngineSession } from "./engine.ts";
import type { Heard } from "./heard.ts";
import type { House } from "./house.ts";
import { examine } from "./model.ts";
import { mutated } from "./mutate.ts";
import { type Header, randomHeader } from "./proxy.ts";
import { Random } from "./random.ts";
import { SocketSession } from "./sockets.ts";
import { RECORDED, type Transcript } from "./recorded.ts";
import { lastMessage } from "./scram.ts";
import { cut, madeUp, PROOF } from "./transcripts.ts";
import { randomWorld, type World } from "./world.ts";

/** What a client does. */
export type Act =
  /** Sends octets at once, one character each. */
  | { readonly send: string }
  /** Answers the challenge of SCRAM as a client does that is called `user` and knows this password. */
  | { readonly user: string; readonly password: string }
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
  /** The door of the house; without it, the session is with the engine, without sockets. */
  readonly door: number | undefined;
  /** What the proxy says that the client comes by. */
  readonly header: Header | undefined;
}

/** The session of a seed: with a server over a socket, or with the engine alone. */
export function planOf(seed: number, house?: House): Plan {
  const random = new Random(seed);
  const door = house && random.below(house.doors.length);
  const at = door === undefined ? undefined : house?.doors[door];
  const header = at?.proxied ? randomHeader(random) : undefined;
  const world = announced(at?.world ?? randomWorld(random), header);
  const some = (): Transcript => {
    const steps = random.chance(0.3) ? random.pick(RECORDED) : madeUp(random);
    const isTold = world.kind === "lmtp" && random.chance(0.95);
    return isTold ? steps.map((step) => step.replace(/^(?:EHLO|HELO) /gim, "LHLO ")) : steps;
  };
  const steps = mutated(some(), random, some);
  // Nobody waits for real until a server has given up a handler.
  const hurried = door === undefined ? steps : steps.map((step) => step.replace(/hangs/gi, "dies"));
  return { seed, world, acts: [...acts(hurried, random)], door, header };
}

/** What a client finds of whom a proxy has said this. */
function announced(world: World, header: Header | undefined): World {
  if (header?.bad) return { ...world, silent: true };
  const { address } = header?.client ?? {};
  if (address === undefined) return world;
  return {
    ...world,
    auth: "over TLS",
    peer: address.includes(":") ? `[IPv6:${address}]` : `[${address}]`,
  };
}

function* acts(steps: Transcript, random: Random): Iterable<Act> {
  const isPatient = random.chance(0.5);
  const whole = random.chance(0.3);
  for (const step of whole ? [steps.join("")] : steps) {
    if (step.startsWith(PROOF)) {
      const [user = "", password = ""] = step.slice(1).split(" ");
      yield { user, password };
      continue;
    }
    for (const send of pieces(step, random)) {
      yield { send };
      if (random.chance(0.1)) yield "pause";
    }
    if (isPatient || random.chance(0.2)) yield "settle";
  }
  yield random.chance(0.1) ? "vanish" : random.chance(0.5) ? "end" : "settle";
}

/** Octets that a socket gives at once. */
const MOST_AT_ONCE = 64 * 1024;

/** The pieces in which a step is sent: it is whole, cut in a few, or in single octets. */
function pieces(steps: string, random: Random): string[] {
  const step = steps.replaceAll(PROOF, "");
  const kind = random.below(4);
  if (kind === 0 && step.length < 2000) return [...step];
  return (kind < 3 ? [step] : cut(step, random))
    .flatMap((piece) => piece.match(new RegExp(`[^]{1,${MOST_AT_ONCE}}`, "g")) ?? []);
}

/** A session that can be played. */
interface Session {
  /** Sends octets, one character each, as soon as the server reads. */
  write(octets: string): Promise<void>;
  /** Lets the session go on while the client waits. */
  idle(): Promise<void>;
  /** Waits until the server has done all that it can do with what it was sent. */
  settle(): Promise<void>;
  /** Sends no more. */
  end(): Promise<void>;
  /** Goes away. */
  vanish(): Promise<void>;
  /** What is left of the session when it is over. */
  outlived(): Promise<string | undefined>;
  readonly heard: Heard;
}

/** Plays a session, and says what is wrong with it. */
export async function play(
  plan: Plan,
  house?: House,
): Promise<string | undefined> {
  const { seed, world, acts, door } = plan;
  const random = new Random(seed ^ 0x5eed);
  try {
    const session = door === undefined
      ? new EngineSession(world, random)
      : await SocketSession.open(house!, house!.doors[door]!, plan, random);
    const fault = await perform(session, world, acts);
    await session.vanish();
    return fault ?? await session.outlived();
  } catch (error) {
    return String((error as Error)?.stack ?? error);
  }
}

/** The last message of SCRAM, to the challenge that has come last. */
function proofOf(
  { user, password }: { user: string; password: string },
  { heard }: Session,
): string {
  const [, challenge = ""] = /334 (\S*)\r\n$/.exec(heard.said) ?? [];
  const last = lastMessage(user, password, Buffer.from(challenge, "base64").toString());
  return `${btoa(last?.message ?? "none")}\r\n`;
}

async function perform(
  session: Session,
  world: World,
  acts: readonly Act[],
): Promise<string | undefined> {
  for (const act of [...acts, "settle"] as const) {
    if (typeof act === "object") {
      if ("user" in act) await session.settle();
      await session.write("user" in act ? proofOf(act, session) : act.send);
    } else if (act === "pause") await session.idle();
    else if (act === "end") await session.end();
    else if (act === "vanish") await session.vanish();
    else {
      await session.settle();
      const { fault } = examine(world, session.heard);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}
