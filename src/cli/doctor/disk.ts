/**
 * The file systems that the server writes to: their space, and the number of files that they can still have.
 * @module
 */
import { existsSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { roughSize } from "../queue/rough.ts";
import { type Check, forEach } from "./check.ts";
import { fault, type Found, note, ok, warning } from "./finding.ts";
import type { Installation } from "./installation.ts";

/** The share of a file system, or the octets if that is less, that must be free: else warning, else fault. */
const FREE = {
  warning: { share: 0.1, octets: 2 * 1024 ** 3 },
  fault: { share: 0.02, octets: 256 * 1024 ** 2 },
} as const;
/** The same share of the files that a file system can have. */
const FILES = { warning: 0.1, fault: 0.02 } as const;

/** What statfs(2) says of file systems in memory: tmpfs and ramfs. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x0102_1994, 0x8584_58f6]);

/** The check. */
export const disk: Check = {
  name: "disk",
  about: "the file systems that the server writes to: space, and the number of files",
  network: false,
  run: async (installation) => [
    ...await forEach(
      onePerDevice(directoriesOf(installation)),
      String,
      (path) => Promise.resolve(spaceAt(path, installation)),
    ),
    ...inMemory(installation),
  ],
};

/** Which directories are in memory, as `/tmp` is on many machines. */
function inMemory({ settings, places }: Installation): readonly Found[] {
  const used = [
    [places?.queue?.directory, ": mail in the queue is lost with the machine"],
    [spoolIn(settings), ", and so are large messages during delivery"],
  ] as const;
  return used.flatMap(([path, so]) => {
    const isSo = path !== undefined && IN_MEMORY.has(statfsSync(existing(path)).type);
    return isSo ? [note(path, `${path} is in memory${so}`, TO_DISK)] : [];
  });
}

const TO_DISK =
  "name a directory on a disk: `state-directory`, `queue.directory`, `spool-directory`";

function directoriesOf({ settings, places, stateDirectory }: Installation): readonly string[] {
  const file = settings.log?.sinks.file;
  return [
    ...places?.queue === undefined ? [] : [places.queue.directory],
    stateDirectory,
    spoolIn(settings),
    ...file === undefined ? [] : [dirname(file)],
  ].map(existing);
}

const spoolIn = ({ spoolDirectory = tmpdir() }: Installation["settings"]): string => spoolDirectory;

/** A directory that is there: one that will be made is on the file system of the one above. */
const existing = (path: string): string =>
  existsSync(path) || path === dirname(path) ? path : existing(dirname(path));

const onePerDevice = (paths: readonly string[]): readonly string[] =>
  [
    ...new Map(paths.toReversed().map((path) => [statSync(path).dev, path])).values(),
  ].toReversed();

function spaceAt(path: string, { places }: Installation): readonly Found[] {
  const { bsize, blocks, bavail, files, ffree } = statfsSync(path);
  const [size, free] = [blocks * bsize, bavail * bsize];
  const isQueues = places?.queue !== undefined && existing(places.queue.directory) === path;
  const reserve = isQueues ? places.queue.reserve : 0;
  const least = (level: keyof typeof FREE) =>
    Math.min(size * FREE[level].share, FREE[level].octets) + reserve;
  const mend = "remove what is not needed, or enlarge it: `du -xh --max-depth=2 " + path + "`";
  const left = `the file system of ${path} has ${roughSize(free)} of ${roughSize(size)} left`;
  if (free < least("fault")) return [fault(path, `${left}: mail is refused or lost`, mend)];
  const share = files === 0 ? 1 : ffree / files;
  const few = `the file system of ${path} can have only ${ffree} more files`;
  if (share < FILES.fault) return [fault(path, few, mend)];
  if (free < least("warning")) return [warning(path, left, mend)];
  return share < FILES.warning ? [warning(path, few, mend)] : [ok(path, left)];
}
