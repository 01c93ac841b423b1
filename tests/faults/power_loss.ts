/**
 * Plays what a program did to a directory, and looks at what a loss of power would have left at many moments.
 * @module
 */
import { join } from "node:path";
import { Random } from "../fuzz/random.ts";
import { Disk, type Loss } from "./disk.ts";
import { moments, recording } from "./strace.ts";
import { CALLS, type Step, Steps } from "./steps.ts";

/** Runs a program whose directory is new, records it, and returns what it did and said. */
export async function record(
  command: readonly string[],
  { directory, file, cwd = Deno.cwd() }: { directory: string; file: string; cwd?: string },
): Promise<Recorded> {
  const [program, ...args] = [...recording(CALLS, file), ...command];
  const { code, stderr } = await new Deno.Command(program!, { args, cwd, stdout: "null" }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return { file, directory, cwd };
}

/** Where a record is, and of what. */
export interface Recorded {
  readonly file: string;
  /** The directory that is looked at. */
  readonly directory: string;
  /** A copy of it from before; without one, it was empty. */
  readonly initial?: string;
  readonly cwd: string;
}

/**
 * Each step, after it has happened to the disk.
 *
 * @param lies whether the disk only pretends to sync this path
 */
export async function* replay(
  recorded: Recorded,
  lies: (path: string) => boolean = () => false,
): AsyncGenerator<{ step: Step; disk: Disk }> {
  const { initial } = recorded;
  const disk = initial === undefined ? new Disk() : await Disk.of(initial);
  const steps = new Steps(disk, recorded.directory, recorded.cwd);
  const lines = (await Deno.readTextFile(recorded.file)).split("\n");
  const syncs = new Map<number, number>();
  for (const step of steps.of(moments(lines))) {
    if (step.do === "sync") syncs.set(step.id, disk.changes);
    else if (step.do === "synced") {
      if (!lies(step.path)) disk.sync(step.path, syncs.get(step.id)!);
    } else if (step.do !== "say" && step.do !== "hear") disk.apply(step);
    yield { step, disk };
  }
}

/** Nothing is lost. */
const NONE: Loss = { entry: () => true, piece: () => "kept", size: () => true, sector: 4096 };

/** The paths below a directory that differ from what a disk has: none, if the record has all that was done. */
export async function differences(disk: Disk, directory: string): Promise<readonly string[]> {
  const different: string[] = [];
  const compare = async (left: string, there: string): Promise<void> => {
    const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name);
    for (const name of new Set([...names(left), ...names(there)])) {
      const [one, other] = await Promise.all([look(join(left, name)), look(join(there, name))]);
      if (one === "directory" && other === "directory") {
        await compare(join(left, name), join(there, name));
      } else if (one !== other) different.push(join(there, name));
    }
  };
  await lose(disk, NONE, (left) => compare(left, directory));
  return different;
}

/** `directory`, or what is in a file. */
const look = (path: string): Promise<string | undefined> =>
  Deno.stat(path).then(
    async ({ isDirectory }) =>
      isDirectory ? "directory" : new TextDecoder("latin1").decode(await Deno.readFile(path)),
    () => undefined,
  );

/** What losses of power there are: the two ends, and what lies between. */
export function* losses(random: Random, count: number): Generator<Loss> {
  yield { entry: () => false, piece: () => "lost", size: () => false, sector: 4096 };
  yield NONE;
  for (let i = 0; i < count; i++) {
    const [chance, sector] = [random.pick([0.1, 0.5, 0.9]), random.pick([512, 4096])];
    yield {
      entry: () => random.chance(chance),
      piece: () => random.chance(chance) ? "kept" : random.pick(["lost", "zeros"]),
      size: () => random.chance(chance),
      sector,
    };
  }
}

/** Makes a directory of what a loss leaves, lets somebody look at it, and removes it. */
export async function lose(
  disk: Disk,
  loss: Loss,
  look: (directory: string) => Promise<void>,
): Promise<void> {
  // Where there is memory for it, nothing waits for a disk.
  const isInMemory = await Deno.stat("/dev/shm").then(() => true, () => false);
  const dir = isInMemory ? { dir: "/dev/shm" } : {};
  const parent = await Deno.makeTempDir({ prefix: "postmaster-test-loss-", ...dir });
  try {
    await disk.leave(join(parent, "left"), loss);
    await look(join(parent, "left"));
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}
