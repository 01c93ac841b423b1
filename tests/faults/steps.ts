/**
 * What a program has done, as far as a loss of power asks: changes of a directory, syncs, and words to others.
 * @module
 */
import { relative, resolve } from "node:path";
import type { Change, Disk } from "./disk.ts";
import { type Call, dataOf, descriptor, type Moment, textsOf } from "./strace.ts";

export type Step =
  | Change
  /** A sync begins, or has ended well: `id` tells which one. */
  | { readonly do: "sync"; readonly path: string; readonly id: number }
  | { readonly do: "synced"; readonly path: string; readonly id: number }
  /** It is about to tell somebody outside; `to` is what strace calls it: a socket, or the path of a file. */
  | { readonly do: "say"; readonly to: string; readonly text: string }
  /** It has read from a socket. */
  | { readonly do: "hear"; readonly from: string; readonly text: string };

const SYNCS = ["fsync", "fdatasync"];
const WRITES = ["write", "writev", "pwrite64", "pwritev", "pwritev2"];
const SAYS = ["write", "writev", "sendto", "sendmsg"];
const HEARS = ["recvfrom", "recvmsg"];
const NAMING = [
  ...["open", "openat", "creat", "truncate", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir"],
  ...["rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"],
];
/** Calls after which the record would say too little, should they change a file of the directory. */
const UNKNOWN = [
  "fallocate",
  "copy_file_range",
  "sendfile",
  "sync_file_range",
  "dup",
  "dup2",
  "dup3",
];

/** The calls that must be recorded. */
export const CALLS: readonly string[] = [
  ...new Set([...SYNCS, ...WRITES, ...SAYS, ...HEARS, ...NAMING, ...UNKNOWN]),
  ...["lseek", "ftruncate", "mmap"],
];

/** Reads a record. The disk is asked for what is there; who consumes a step applies it to the disk first. */
export class Steps {
  /** Where each descriptor writes next: reads, of which there are too many, are not recorded. */
  readonly #positions = new Map<number, number>();
  /** Descriptors that always write at the end. */
  readonly #appending = new Set<number>();

  /**
   * @param directory the absolute path of the directory that the disk stands for
   * @param cwd the directory in which the program was started
   */
  constructor(readonly disk: Disk, readonly directory: string, readonly cwd: string) {}

  *of(all: Iterable<Moment>): Generator<Step> {
    for (const moment of all) {
      if (moment.at === "end") {
        if (moment.call.result >= 0) yield* this.#done(moment.call, moment.id);
      } else if (SYNCS.includes(moment.name)) {
        const path = this.#inside(descriptor(moment.args).of);
        if (path !== undefined) yield { do: "sync", path, id: moment.id };
      } else if (SAYS.includes(moment.name)) {
        const { of } = descriptor(moment.args);
        // Through pipes, mailers get the mail: what they do with it counts.
        const isOutside = /^(TCP:|UNIX|\/)/.test(of) && this.#inside(of) === undefined;
        if (isOutside) yield { do: "say", to: of, text: textsOf(moment.args).join("") };
      }
    }
  }

  *#done(call: Call, id: number): Generator<Step> {
    const { name, args, result } = call;
    const { number, of } = descriptor(args);
    const open = this.#inside(of);
    if (HEARS.includes(name)) {
      yield { do: "hear", from: of, text: textsOf(args).join("").slice(0, result) };
    } else if (name === "lseek") this.#positions.set(number, result);
    else if (open === undefined) yield* this.#named(call);
    else if (SYNCS.includes(name)) yield { do: "synced", path: open, id };
    else if (WRITES.includes(name)) yield this.#written(call, number, open);
    else if (name === "ftruncate") yield { do: "truncate", path: open, size: lastNumber(args) };
    else if (UNKNOWN.includes(name)) cannotFollow(name, open);
  }

  /** A call that names its files. */
  *#named(call: Call): Generator<Step> {
    const { name, args } = call;
    if (name === "mmap") return this.#mapped(args);
    if (!NAMING.includes(name)) return;
    const [path, to] = this.#paths(args);
    if (name === "open" || name === "openat" || name === "creat") yield* this.#opened(call, path);
    else if (path === undefined) return;
    else if (name === "truncate") yield { do: "truncate", path, size: lastNumber(args) };
    else if (name.startsWith("mkdir")) yield { do: "create", path, directory: true };
    else if (name.startsWith("unlink") || name === "rmdir") yield { do: "remove", path };
    else if (name.startsWith("rename") && to !== undefined) yield { do: "rename", path, to };
    else cannotFollow(name, path);
  }

  *#opened({ name, args, result }: Call, path: string | undefined): Generator<Step> {
    this.#positions.set(result, 0);
    this.#appending.delete(result);
    if (/\bO_APPEND\b/.test(args)) this.#appending.add(result);
    if (path === undefined) return;
    const creates = name === "creat" || /\bO_CREAT\b/.test(args);
    if (creates && !this.disk.has(path)) yield { do: "create", path, directory: false };
    else if (/\bO_TRUNC\b/.test(args)) yield { do: "truncate", path, size: 0 };
  }

  #written({ name, args, result }: Call, number: number, path: string): Change {
    const data = dataOf(args).subarray(0, result);
    if (name.startsWith("pwrite")) return { do: "write", path, offset: lastNumber(args), data };
    const at = this.#appending.has(number)
      ? this.disk.size(path)
      : this.#positions.get(number) ?? 0;
    this.#positions.set(number, at + result);
    return { do: "write", path, offset: at, data };
  }

  #mapped(args: string): void {
    const [, mapped = ""] = /, (\d+<[^,]*), [^,]*$/.exec(args) ?? [];
    const path = this.#inside(descriptor(mapped).of);
    const changes = /PROT_WRITE/.test(args) && /MAP_SHARED/.test(args);
    // SQLite makes the index of its log anew after a crash.
    if (path !== undefined && changes && !path.endsWith("-shm")) cannotFollow("mmap", path);
  }

  /** The paths in the directory that a call names. */
  #paths(args: string): readonly string[] {
    const found: string[] = [];
    for (const [, at = "", hex = ""] of args.matchAll(/(?:(\w+<[^>]*>), )?"([^"]*)"/g)) {
      const base = at === "" ? this.cwd : descriptor(at).of;
      const path = this.#inside(resolve(base, textsOf(`"${hex}"`)[0]!));
      if (path !== undefined) found.push(path);
    }
    return found;
  }

  #inside(path: string): string | undefined {
    return path.startsWith(`${this.directory}/`) || path === this.directory
      ? relative(this.directory, path)
      : undefined;
  }
}

const lastNumber = (args: string): number => Number(/(\d+)\s*$/.exec(args)?.[1]);

function cannotFollow(name: string, path: string): never {
  throw new Error(`the record has a ${name} of ${path}, which the model of a disk does not know`);
}
