/**
 * The quota of a Maildir (Maildir++): the file `maildirsize` has the limit in its first line, and then a line
 * `octets messages` for each change, so that many programs can add to it at the same time.
 * @module
 */
import { join } from "node:path";
import { isDirectory } from "./directory.ts";

/** A file with more octets is counted again, and so written shorter. */
const LONGEST = 5120;
/** Milliseconds after which a Maildir that seems full is counted again. */
const AGE = 15 * 60_000;

/** What a Maildir has, or may have. */
interface Amount {
  readonly octets: number;
  readonly messages: number;
}

/** The quota of one Maildir. */
export class MaildirSize {
  /** The most octets; infinite without a quota. */
  readonly octets: number;
  readonly #path: string;
  readonly #maildir: string;
  readonly #limit: Amount;
  readonly #definition: string;
  #use: Amount | undefined;
  #isOld: boolean;

  private constructor(
    maildir: string,
    definition: string,
    use: Amount | undefined,
    isOld: boolean,
  ) {
    this.#maildir = maildir;
    this.#path = join(maildir, "maildirsize");
    this.#definition = definition;
    this.#limit = limitIn(definition);
    this.octets = this.#limit.octets;
    this.#use = use;
    this.#isOld = isOld;
  }

  /**
   * The quota of a Maildir: `quota` octets, or what its file says; `undefined` if there is none.
   *
   * @throws {Error} for a file that cannot be read
   */
  static async of(maildir: string, quota: number | undefined): Promise<MaildirSize | undefined> {
    const path = join(maildir, "maildirsize");
    const text = await Deno.readTextFile(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    const [first = "", ...lines] = text?.split("\n") ?? [];
    const definition = quota === undefined ? first : `${quota}S`;
    if (definition === "") return undefined;
    const isKnown = text !== undefined && text.length <= LONGEST && first === definition;
    const modified = isKnown ? (await Deno.stat(path)).mtime?.getTime() ?? 0 : 0;
    return new MaildirSize(
      maildir,
      definition,
      isKnown ? sumOf(lines) : undefined,
      Date.now() - modified > AGE || lines.filter(Boolean).length > 1,
    );
  }

  /** Whether a message of so many octets fits in. */
  async fits(octets: number): Promise<boolean> {
    this.#use ??= await this.#count();
    if (this.#hasRoom(octets)) return true;
    if (!this.#isOld) return false;
    this.#use = await this.#count();
    return this.#hasRoom(octets);
  }

  /** Notes a message that was delivered. */
  async add(octets: number): Promise<void> {
    await Deno.writeTextFile(this.#path, `${octets} 1\n`, { append: true, mode: 0o600 });
  }

  #hasRoom(octets: number): boolean {
    const use = this.#use!;
    return use.octets + octets <= this.#limit.octets && use.messages < this.#limit.messages;
  }

  /** Counts all messages, and writes the file anew. */
  async #count(): Promise<Amount> {
    this.#isOld = false;
    let octets = 0, messages = 0;
    for (const folder of await foldersOf(this.#maildir)) {
      for (const part of ["new", "cur"]) {
        for await (const size of sizesIn(join(folder, part))) {
          octets += size;
          messages++;
        }
      }
    }
    const temporary = join(this.#maildir, "tmp", `maildirsize.${crypto.randomUUID()}`);
    const text = `${this.#definition}\n${octets} ${messages}\n`;
    await Deno.writeTextFile(temporary, text, { createNew: true, mode: 0o600 });
    await Deno.rename(temporary, this.#path);
    return { octets, messages };
  }
}

/** `1000000S,100C`: octets and messages. */
function limitIn(definition: string): Amount {
  const most = (unit: string) => {
    const item = definition.split(",").find((item) => item.endsWith(unit));
    return item === undefined ? Infinity : Number.parseInt(item) || Infinity;
  };
  return { octets: most("S"), messages: most("C") };
}

/** `undefined` if a line makes no sense, or the sum is negative: then it is counted again. */
function sumOf(lines: readonly string[]): Amount | undefined {
  let octets = 0, messages = 0;
  for (const line of lines.filter(Boolean)) {
    const [, size, count] = /^\s*(-?\d+)\s+(-?\d+)\s*$/.exec(line) ?? [];
    if (size === undefined) return undefined;
    octets += Number(size);
    messages += Number(count);
  }
  return octets < 0 || messages < 0 ? undefined : { octets, messages };
}

async function foldersOf(maildir: string): Promise<string[]> {
  const folders = [maildir];
  for await (const { name } of Deno.readDir(maildir)) {
    if (/^\.[^.]/.test(name)) folders.push(join(maildir, name));
  }
  return folders;
}

/** The sizes of messages, by their names if these tell. Messages that others move away meanwhile do not count. */
async function* sizesIn(directory: string): AsyncGenerator<number> {
  if (!await isDirectory(directory)) return;
  for await (const { name } of Deno.readDir(directory)) {
    if (name.startsWith(".")) continue;
    const told = /,S=(\d+)/.exec(name)?.[1];
    const size = told ?? await Deno.stat(join(directory, name)).then(({ size }) => size, () => -1);
    if (Number(size) >= 0) yield Number(size);
  }
}
