/**
 * A directory on a disk that may lose power: what is certain, and what was only promised by the system.
 * @module
 */
import { join } from "node:path";

/** What a program does to files; paths are relative to the directory. */
export type Change =
  | { readonly do: "create"; readonly path: string; readonly directory: boolean }
  | { readonly do: "write"; readonly path: string; readonly offset: number; readonly data: Octets }
  | { readonly do: "truncate"; readonly path: string; readonly size: number }
  | { readonly do: "rename"; readonly path: string; readonly to: string }
  | { readonly do: "remove"; readonly path: string };

type Octets = Uint8Array<ArrayBuffer>;

/** What becomes of all that was not synced. */
export interface Loss {
  /** Whether a change of a directory's entries is kept. */
  entry(): boolean;
  /** What becomes of a piece of what was written: it may also be lost after the file has grown. */
  piece(): "kept" | "lost" | "zeros";
  /** Whether a change of a file's size is kept. */
  size(): boolean;
  /** Octets of a piece: these are kept, or lost, together. */
  readonly sector: number;
}

type Edit =
  | { readonly number: number; readonly offset: number; readonly data: Octets }
  | { readonly number: number; readonly size: number };

/** An entry comes, goes, or both: this happens wholly or not at all. */
interface Move {
  readonly number: number;
  readonly from?: { readonly folder: Folder; readonly name: string };
  readonly to?: { readonly folder: Folder; readonly name: string; readonly node: Node };
  isSynced: boolean;
}

type Node = File | Folder;

class File {
  /** What a loss of power leaves for certain. */
  synced: Octets = new Uint8Array();
  edits: Edit[] = [];
}

class Folder {
  readonly entries = new Map<string, Node>();
  readonly synced = new Map<string, Node>();
  moves: Move[] = [];
}

/** A disk to which changes and syncs happen. */
export class Disk {
  readonly #root = new Folder();
  #number = 0;

  /** How many changes there have been. */
  get changes(): number {
    return this.#number;
  }

  /** Begins with what is in a directory: all of it is certain. */
  static async of(directory: string): Promise<Disk> {
    const disk = new Disk();
    const read = async (path: string, folder: Folder): Promise<void> => {
      for await (const { name, isDirectory } of Deno.readDir(path)) {
        const node = isDirectory ? new Folder() : new File();
        folder.entries.set(name, node);
        folder.synced.set(name, node);
        if (node instanceof Folder) await read(join(path, name), node);
        else node.synced = await Deno.readFile(join(path, name));
      }
    };
    await read(directory, disk.#root);
    return disk;
  }

  apply(change: Change): void {
    const number = ++this.#number;
    if (change.do === "create") {
      const to = {
        ...this.#place(change.path),
        node: change.directory ? new Folder() : new File(),
      };
      this.#move({ number, to, isSynced: false });
    } else if (change.do === "remove") {
      this.#move({ number, from: this.#place(change.path), isSynced: false });
    } else if (change.do === "rename") {
      const node = this.#node(change.path);
      const [from, to] = [this.#place(change.path), { ...this.#place(change.to), node }];
      this.#move({ number, from, to, isSynced: false });
    } else if (change.do === "write") {
      this.#file(change.path).edits.push({ number, offset: change.offset, data: change.data });
    } else {
      this.#file(change.path).edits.push({ number, size: change.size });
    }
  }

  has(path: string): boolean {
    const { folder, name } = this.#place(path);
    return folder.entries.has(name);
  }

  /** The length of a file. */
  size(path: string): number {
    const { synced, edits } = this.#file(path);
    return edits.reduce(sizeAfter, synced.length);
  }

  /** A sync has ended: the changes up to this number, which it found when it began, are certain now. */
  sync(path: string, number: number): void {
    const node = this.#node(path);
    if (node instanceof File) {
      node.synced = node.edits.filter((edit) => edit.number <= number).reduce(edited, node.synced);
      node.edits = node.edits.filter((edit) => edit.number > number);
      return;
    }
    for (const move of node.moves) {
      if (move.number > number || move.isSynced) continue;
      carryOut(move, (folder) => folder.synced);
      move.isSynced = true;
    }
    node.moves = node.moves.filter((move) => !move.isSynced);
  }

  /** Writes to a directory what a loss of power at this moment leaves. */
  async leave(directory: string, loss: Loss): Promise<void> {
    const left = new Map<Folder, Map<string, Node>>();
    const entriesOf = (folder: Folder) => {
      const entries = left.get(folder) ?? new Map(folder.synced);
      left.set(folder, entries);
      return entries;
    };
    for (const move of this.#moves()) if (loss.entry()) carryOut(move, entriesOf);
    const write = async (folder: Folder, at: string): Promise<void> => {
      await Deno.mkdir(at, { recursive: true });
      for (const [name, node] of entriesOf(folder)) {
        if (node instanceof Folder) await write(node, join(at, name));
        else await Deno.writeFile(join(at, name), remains(node, loss));
      }
    };
    await write(this.#root, directory);
  }

  /** The moves that are not certain, in their order. */
  #moves(): Move[] {
    const all = new Set<Move>();
    const gather = (folder: Folder) => {
      for (const move of folder.moves) if (!move.isSynced) all.add(move);
      for (const node of new Set([...folder.entries.values(), ...folder.synced.values()])) {
        if (node instanceof Folder) gather(node);
      }
    };
    gather(this.#root);
    return [...all].sort((a, b) => a.number - b.number);
  }

  #move(move: Move): void {
    carryOut(move, (folder) => folder.entries);
    for (const folder of new Set([move.from?.folder, move.to?.folder])) folder?.moves.push(move);
  }

  #place(path: string): { readonly folder: Folder; readonly name: string } {
    const names = path.split("/");
    const name = names.pop()!;
    return { folder: this.#folder(names.join("/")), name };
  }

  #node(path: string): Node {
    let node: Node | undefined = this.#root;
    for (const name of path.split("/")) {
      if (name !== "" && name !== ".") {
        node = node instanceof Folder ? node.entries.get(name) : undefined;
      }
    }
    if (node === undefined) throw new Error(`the record has nothing that made ${path}`);
    return node;
  }

  #file(path: string): File {
    const node = this.#node(path);
    if (node instanceof File) return node;
    throw new Error(`${path} is a directory`);
  }

  #folder(path: string): Folder {
    const node = this.#node(path);
    if (node instanceof Folder) return node;
    throw new Error(`${path} is no directory`);
  }
}

function carryOut(move: Move, entriesOf: (folder: Folder) => Map<string, Node>): void {
  if (move.from !== undefined) entriesOf(move.from.folder).delete(move.from.name);
  if (move.to !== undefined) entriesOf(move.to.folder).set(move.to.name, move.to.node);
}

const sizeAfter = (size: number, edit: Edit): number =>
  "size" in edit ? edit.size : Math.max(size, edit.offset + edit.data.length);

function edited(content: Octets, edit: Edit): Octets {
  const size = sizeAfter(content.length, edit);
  const result = size === content.length ? content.slice() : new Uint8Array(size);
  if (result.length !== content.length) result.set(content.subarray(0, size));
  if ("data" in edit) result.set(edit.data, edit.offset);
  return result;
}

/** What is left of a file: each sector of each write fares on its own. */
function remains(file: File, loss: Loss): Octets {
  const room = file.edits.reduce(
    (most, edit) => Math.max(most, sizeAfter(0, edit)),
    file.synced.length,
  );
  const content = new Uint8Array(room);
  content.set(file.synced);
  let size = file.synced.length;
  for (const edit of file.edits) {
    if ("size" in edit) {
      if (!loss.size()) continue;
      content.fill(0, Math.min(size, edit.size));
      size = edit.size;
      continue;
    }
    for (const { offset, data } of pieces(edit, loss.sector)) {
      const fate = loss.piece();
      if (fate === "lost") continue;
      // Zeros are what a file has where it grew: they do not cover what was certain.
      if (fate === "kept") content.set(data, offset);
      size = Math.max(size, offset + data.length);
    }
  }
  return content.slice(0, size);
}

function* pieces({ offset, data }: { offset: number; data: Octets }, sector: number) {
  for (let at = 0; at < data.length;) {
    const end = Math.min(data.length, at + sector - (offset + at) % sector);
    yield { offset: offset + at, data: data.subarray(at, end) };
    at = end;
  }
}
