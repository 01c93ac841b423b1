/**
 * Looks from time to time whether the records of keys are published.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { Seldom } from "../base/seldom.ts";
import type { Log } from "../log/event.ts";
import { isInUse } from "./key_files.ts";
import { observeAll, type ObserveOptions } from "./key_rotation.ts";
import { recordName } from "./key_record.ts";

/** Milliseconds between two looks. */
const PAUSE = 60_000;
/** Milliseconds for which the log does not say again that a record is missing. */
const SILENCE = 24 * 60 * 60 * 1000;

/** Watches keys until it is disposed of. */
export class KeyWatch implements AsyncDisposable {
  readonly #options: ObserveOptions;
  readonly #log: Log;
  readonly #told = new Seldom(SILENCE);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void>;
  #isOver = false;

  constructor(options: ObserveOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#looking = this.#look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      for (const { keys, begun, retired } of await observeAll(this.#options)) {
        for (const { domain, selector } of begun) this.#log("key signs", { domain, selector });
        for (const { domain, selector } of retired) this.#log("key retired", { domain, selector });
        for (const key of keys) {
          const isLost = isInUse(key) && ["missing", "different"].includes(key.publication);
          if (isLost) this.#tell(recordName(key), key.publication);
        }
      }
    } catch (error) {
      this.#tell(this.#options.directory, messageOf(error));
    }
    if (this.#isOver) return;
    this.#timer = setTimeout(() => this.#looking = this.#look(), PAUSE);
  }

  /** Says once a day what keeps receivers from believing signatures. */
  #tell(name: string, error: string): void {
    if (!this.#told.isDue(name, this.#options.now())) return;
    this.#log("key not published", { name, error });
  }
}
