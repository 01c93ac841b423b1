/**
 * Reloads when the files of the configuration and of handlers change.
 * @module
 */
import { digest } from "../base/digest.ts";
import type { Reloading } from "./reload.ts";
import type { MadeSetup } from "./setup.ts";

/** Milliseconds between two looks. A change is taken up once two looks have found the same. */
const PERIOD = 1000;

/** Looks at the files of what is in force, while that says `watch: true`, until it is disposed of. */
export class Watch implements Disposable {
  readonly #reloading: Reloading;
  readonly #timer: ReturnType<typeof setInterval>;
  /** What the last look has found. */
  #found: string | undefined;
  /** What the last reload was for. */
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
    const { current } = this.#reloading;
    if (!current.config.watch || this.#looking) return;
    this.#looking = true;
    const inForce = versionsIn(current);
    const changed: string[] = [];
    for (const [file, version] of inForce) {
      const now = await Deno.readTextFile(file).then(digest, () => "none");
      if (now !== version) changed.push(`${file} ${now}`);
    }
    await this.#take(changed.join());
    this.#looking = false;
  }

  /** @param changed the files that differ from what is in force, with their versions */
  async #take(changed: string): Promise<void> {
    const isSettled = changed === this.#found;
    this.#found = changed;
    if (!isSettled || changed === (this.#taken ?? "")) return;
    this.#taken = changed;
    if (changed !== "") await this.#reloading.reload("watch").catch(() => {}); // the log says why
  }
}

/** The files of a setup, and their versions. */
function versionsIn({ config: { file, text }, modules }: MadeSetup): ReadonlyMap<string, string> {
  return file === undefined ? modules : new Map([...modules, [file, digest(text)]]);
}
