/**
 * Reloads when the files of the configuration and of handlers change.
 * @module
 */
import type { Reloading } from "./reload.ts";

/** Milliseconds between two looks. A change is taken up once two looks have found the same. */
const PERIOD = 1000;

/** Looks at the files of what is in force, while that says `watch: true`, until it is disposed of. */
export class Watch implements Disposable {
  readonly #reloading: Reloading;
  readonly #timer: ReturnType<typeof setInterval>;
  /** What the last look found, and what the last reload was for. */
  #found: string | undefined;
  #taken: string | undefined;
  #looking = false;

  constructor(reloading: Reloading) {
    this.#reloading = reloading;
    this.#timer = setInterval(() => void this.#look(), PERIOD);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { config: { watch, file }, modules } = this.#reloading.current;
    if (!watch || this.#looking) return;
    this.#looking = true;
    const files = [...file === undefined ? [] : [file], ...modules.keys()];
    const found = JSON.stringify(await Promise.all(files.map(stampOf)));
    const isSettled = found === this.#found;
    this.#found = found;
    this.#taken ??= found;
    if (isSettled && found !== this.#taken) {
      this.#taken = found;
      await this.#reloading.reload("watch").catch(() => {}); // the log says why
      if (this.#reloading.current.modules !== modules) this.#taken = undefined; // others are looked at
    }
    this.#looking = false;
  }
}

/** A file and what differs for each of its versions. */
async function stampOf(file: string): Promise<unknown> {
  const { ino, mtime, size } = await Deno.stat(file).catch(() => ({
    ino: 0,
    mtime: null,
    size: 0,
  }));
  return [file, ino, mtime?.getTime(), size];
}
