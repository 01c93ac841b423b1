/**
 * Parts of setups that outlive them: the next setup takes over those that its configuration says the same of, so that
 * connections, caches and TLS tickets are kept when something else has changed.
 * @module
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { kebabCase } from "../base/kinds.ts";
import { tried } from "../base/tried.ts";
import type { Config, Settings } from "../config/mod.ts";

/** A part, and how many setups have it. */
interface Part {
  readonly value: unknown;
  readonly end: () => unknown;
  users: number;
}

/** What cannot change while the server runs: each part may depend on it. Of `listen`, that is the addresses. */
type Fixed = "hostname" | "listen" | "stateDirectory";

/** A setting of a configuration. */
type Setting = keyof Settings & keyof Config;

/** The settings that a part depends on. */
export type Of<K extends Setting> = Pick<Config, K | Fixed>;

/** What makes a part of a configuration. */
export interface PartOf<T, K extends Setting> {
  readonly name: string;
  /** The settings that it depends on. It is made of nothing else, so that another one is made when any of them changes. */
  readonly of: readonly K[];
  readonly make: (config: Of<K>) => T | Promise<T>;
  /** Called once no setup has it. */
  readonly end?: (part: T) => unknown;
}

/** The parts that there are. */
export class Parts {
  readonly #parts = new Map<string, Part>();

  /** Takes a part that there is already, or makes it. `uses` gives it back. */
  async take<T, K extends Setting>(
    { name, of, make, end = () => {} }: PartOf<T, K>,
    config: Of<K> & Pick<Config, "written">,
    uses: AsyncDisposableStack,
  ): Promise<T> {
    const id = JSON.stringify([name, of.map((setting) => madeOf(kebabCase(setting), config))]);
    let part = this.#parts.get(id);
    if (part === undefined) {
      const value = await make(config);
      part = { value, end: () => end(value), users: 0 };
      this.#parts.set(id, part);
    }
    const taken = part;
    taken.users++;
    uses.defer(async () => {
      if (--taken.users > 0) return;
      this.#parts.delete(id);
      await taken.end();
    });
    return taken.value as T; // the name says which it is
  }
}

/** What is written under a key, and which versions of files its texts name. */
function madeOf(key: string, { written: { value, directory } }: Pick<Config, "written">): unknown {
  const its = (value as Readonly<Record<string, unknown>>)[key];
  const texts: string[] = [];
  JSON.stringify(its, (_, one) => (typeof one === "string" && texts.push(one), one));
  return [its, texts.map((text) => stampOf(resolve(directory, text)))];
}

/** What differs for each version of a file; `undefined` for what is no file. */
function stampOf(path: string): string | undefined {
  const found = tried(() => statSync(path, { bigint: true }));
  if (found === undefined || found.isDirectory()) return undefined;
  const { ino, mtimeNs, size } = found;
  return `${ino} ${mtimeNs} ${size}`;
}
