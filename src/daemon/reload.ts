/**
 * Reloads: all of the configuration is read anew, and put in force as a whole, or nothing of it is.
 * @module
 */
import { type Config, printPlace } from "../config/mod.ts";
import { messageOf } from "../base/message_of.ts";
import { trace } from "../handler/supervisor.ts";
import type { NextLog, OpenLog } from "../log/open.ts";
import type { Server } from "../server/server.ts";
import { redefining } from "../targets/defined.ts";
import { credentialsToTake } from "./credentials.ts";
import { changedKeys, refuseFixed } from "./fixed.ts";
import { refuseUnmet } from "./needs.ts";
import type { ServiceManager } from "./notify.ts";
import { type Lasting, type MadeSetup, makeSetup } from "./setup.ts";
import type { Trials } from "./trial.ts";

/** What a reload needs. */
export interface ReloadOptions {
  readonly server: Pick<Server, "replace">;
  readonly lasting: Lasting;
  readonly openLog: OpenLog;
  readonly manager: ServiceManager;
  readonly trials: Trials;
  /** What root has made for the server's user. */
  readonly made: ReadonlySet<string>;
}

/** What a reload has done. */
export interface Reloaded {
  /** The keys of the configuration, and the files of modules, that differ from before. */
  readonly changed: readonly string[];
  /** What was checked, and what could not be. */
  readonly notes: readonly string[];
}

/** The setup in force, and those before it that are still in use. All of them end when this is disposed of. */
export class Reloading implements AsyncDisposable {
  readonly #alive = new Set<MadeSetup>();
  #current: MadeSetup;
  #options: ReloadOptions | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(first: MadeSetup) {
    this.#current = first;
    this.#alive.add(first);
  }

  /** The setup in force. */
  get current(): MadeSetup {
    return this.#current;
  }

  /** The server runs: reloads are possible from now on. */
  begin(options: ReloadOptions): void {
    this.#options = options;
  }

  /**
   * Reads everything anew, checks it, and puts it in force. Reloads follow one another.
   *
   * @param by who asks, for the log
   * @throws {Error} that says why all stays as it was
   */
  async reload(by: string): Promise<Reloaded> {
    const turn = this.#last.then(() => this.#reload(by));
    this.#last = turn.catch(() => {});
    return await turn;
  }

  async #reload(by: string): Promise<Reloaded> {
    if (this.#options === undefined) throw new Error("the server has not started yet: try again");
    const { lasting: { log }, manager } = this.#options;
    await manager.reloading();
    try {
      const done = await this.#replace(this.#options);
      log("reloaded", { by, changed: done.changed });
      return done;
    } catch (error) {
      log("not reloaded", { by, error: messageOf(error) });
      throw error;
    } finally {
      await manager.ready();
    }
  }

  async #replace(options: ReloadOptions): Promise<Reloaded> {
    const { lasting, server, openLog, trials, made: madeByRoot } = options;
    const before = this.#current;
    const config = before.config.anew();
    using unused = new DisposableStack();
    unused.use(config.authentication);
    credentialsToTake(config);
    refuseFixed(before.config, config);
    // What is fixed was looked at when the server started.
    refuseUnmet({ ...config, pidFile: undefined, listen: [], queue: undefined }, madeByRoot);
    const { notes, untried } = await trials.run(config);
    const keys = changedKeys(before.config, config);
    await using log = keys.includes("log") ? await openLog.next(config.log) : undefined;
    before.setup.targets.keep();
    const made = await redefining(() => makeSetup(config, lasting));
    unused.move();
    this.#take(made, server, log);
    this.#warn(config, untried);
    return { changed: [...keys, ...changedModules(before, made)], notes };
  }

  #take(made: MadeSetup, server: ReloadOptions["server"], log: NextLog | undefined): void {
    const before = this.#current;
    this.#current = made;
    this.#alive.add(made);
    log?.use();
    server.replace(made.setup, () => this.#end(before));
  }

  #warn({ warnings, file }: Config, untried: string | undefined): void {
    const { log } = this.#options!.lasting;
    if (untried !== undefined) log("doubtful setting", { place: file ?? "none", hint: untried });
    for (const { message, ...place } of warnings) {
      log("doubtful setting", { place: printPlace(place), hint: message });
    }
  }

  async #end(setup: MadeSetup): Promise<void> {
    if (!this.#alive.delete(setup)) return;
    try {
      await setup[Symbol.asyncDispose]();
    } catch (error) { // of a handler
      this.#options?.lasting.log("stray error", { error: trace(error) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#alive].map((setup) => this.#end(setup)));
  }
}

/** The files of modules whose content differs, and those that are new or gone. */
const changedModules = ({ modules: before }: MadeSetup, { modules: now }: MadeSetup): string[] =>
  [...new Set([...before.keys(), ...now.keys()])].filter((file) =>
    before.get(file) !== now.get(file)
  );
