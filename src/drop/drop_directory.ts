/**
 * The drop directory of a running server: mail that programs of this machine have left is taken as it comes, and what was
 * left while no server ran, at the start. Users take turns, so that nobody's mail waits behind all mail of another one.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { basename } from "node:path";
import { type Rate, RateWindow } from "../base/rate.ts";
import type { Outcome } from "../handler/outcome.ts";
import { NAMES } from "./draft.ts";
import { DroppedFile, NoMessage, whyNoMessage } from "./dropped_file.ts";
import { settle, type SettlingOptions } from "./settling.ts";
import { Turns } from "./turns.ts";
import { Usage, type Used } from "./usage.ts";

/** What one user may have. */
export interface DropQuota {
  /** Messages that wait. */
  readonly files: number;
  /** Octets that wait. */
  readonly size: number;
  /** How many messages are taken in which time; further ones wait. */
  readonly rate?: Rate | undefined;
}

/** What the drop directory of a server needs. */
export interface DropDirectoryOptions extends SettlingOptions {
  readonly quota: DropQuota;
}

/** A file that waits. */
interface Waiting {
  readonly name: string;
  readonly uid: number;
  readonly size: number;
  /** Why it is refused without being put to the handlers. */
  readonly refusal: Outcome | undefined;
  /** How often it was deferred. */
  tries: number;
}

/** A file that was not there before. */
interface Found extends Pick<Waiting, "name" | "uid" | "size"> {
  readonly isFile: boolean;
  readonly nlink: number;
  /** In milliseconds since the epoch. */
  readonly written: number;
}

/** Messages that are taken at once, and of one user. */
const MOST = 16, MOST_OF_USER = 4;
/** Milliseconds between two looks at the directory, besides those after a change. */
const LOOK = 60_000;
/** Milliseconds after which a draft is that of a program that has died. */
const STALE = 24 * 60 * 60_000;
/** Milliseconds before a message that was deferred is put to the handlers again: longer each time. */
const SHORTEST = 30_000, LONGEST = 60 * 60_000;

/** Takes mail until it is disposed of. */
export class DropDirectory implements AsyncDisposable {
  readonly #directory: string;
  readonly #options: () => DropDirectoryOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #turns = new Turns<Waiting>(MOST, MOST_OF_USER);
  readonly #usage = new Usage();
  readonly #windows = new Map<number, RateWindow>();
  /** That of the windows. */
  #rate: Rate | undefined;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #running = new Set<Promise<void>>();
  readonly #ticker: ReturnType<typeof setInterval>;
  #watcher: Deno.FsWatcher | undefined;
  #looking: Promise<void> | undefined;
  #isChanged = false;
  #isFailing = false;
  #stopped = false;

  /**
   * Begins.
   *
   * @param options those in force; they may change, but for the directory
   */
  constructor(options: () => DropDirectoryOptions) {
    this.#directory = options().directory;
    this.#options = options;
    this.#ticker = setInterval(() => this.#look(), LOOK);
    this.#watch();
    this.#look();
  }

  /** Takes nothing more. What is being taken goes on. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#ticker);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** As {@linkcode DropDirectory.stop}, and waits until nothing is being taken any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#looking;
    await Promise.all(this.#running);
  }

  /** Without a watch, such as where the system has too many, mail waits for the next regular look. */
  async #watch(): Promise<void> {
    try {
      this.#watcher = Deno.watchFs(this.#directory, { recursive: false });
      for await (const { kind, paths } of this.#watcher) {
        if (MAY_BE_NEW.has(kind) && paths.some(isMail)) this.#look();
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Looks for new files; after that once more, if it is called meanwhile. */
  #look(): void {
    this.#isChanged = true;
    this.#looking ??= this.#lookOn();
  }

  async #lookOn(): Promise<void> {
    while (this.#isChanged && !this.#stopped) {
      this.#isChanged = false;
      try {
        await this.#read();
        this.#isFailing = false;
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#looking = undefined;
  }

  #failed(error: unknown): void {
    if (this.#isFailing || this.#stopped) return;
    this.#isFailing = true;
    this.#options().log("drop failed", { directory: this.#directory, error: messageOf(error) });
  }

  async #read(): Promise<void> {
    const gone = new Set(this.#waiting.keys());
    const found: Found[] = [];
    for await (const { name } of Deno.readDir(this.#directory)) {
      if (gone.delete(name) || this.#stopped) continue;
      const { isFile, uid, size, nlink, mtime } = await Deno.lstat(this.#path(name));
      found.push({ name, isFile, uid: uid!, size, nlink: nlink!, written: mtime!.getTime() });
    }
    for (const name of gone) this.#forget(name);
    const { draft = [], mail = [] } = Object.groupBy(
      found,
      ({ name, isFile }) => isFile && name.startsWith(NAMES.draft) ? "draft" : "mail",
    );
    for (const one of mail.sort((a, b) => a.written - b.written)) this.#judge(one);
    this.#judgeDrafts(draft);
    this.#begin();
  }

  #judge({ name, isFile, nlink, uid, size }: Found): void {
    const isOurs = name.startsWith(NAMES.mail);
    const why = isOurs ? whyNoMessage({ isFile, nlink }) : "it is none of sendmail's";
    if (why !== undefined) return this.#refuse(name, uid, why);
    const refusal = this.#isWithin(this.#usage.of(uid), uid, size) ? undefined : OVER_QUOTA;
    const waiting = { name, uid, size, tries: 0, refusal };
    this.#waiting.set(name, waiting);
    this.#usage.add(uid, size);
    this.#turns.add(uid, waiting);
  }

  /** Drafts are left alone, unless their program has died or their user would fill the disk with them. */
  #judgeDrafts(drafts: readonly Found[]): void {
    const usage = new Usage();
    for (const { name, uid, size, written } of drafts) {
      const isStale = Date.now() - written > STALE;
      const isWithin = this.#isWithin(usage.of(uid), uid, size);
      usage.add(uid, size);
      if (isStale) this.#refuse(name, uid, "it is a draft of a program that has died");
      else if (!isWithin) this.#refuse(name, uid, "its user has too many drafts");
    }
  }

  /** Nobody fills the disk. The server's own files are what is left of those of users. */
  #isWithin(used: Used, uid: number, size: number): boolean {
    const { quota } = this.#options();
    return uid === Deno.uid() || used.files < quota.files && used.size + size <= quota.size;
  }

  /** Removes what is no message. */
  #refuse(name: string, uid: number, reason: string): void {
    this.#remove(name);
    this.#options().log("drop refused", { file: this.#path(name), uid, reason });
  }

  #remove(name: string): void {
    try {
      Deno.removeSync(this.#path(name));
      this.#forget(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#failed(error);
    }
  }

  #forget(name: string): void {
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    this.#waiting.delete(name);
    this.#usage.add(waiting.uid, -waiting.size, -1);
  }

  #begin(): void {
    while (!this.#stopped) {
      const waiting = this.#turns.next();
      if (waiting === undefined) return;
      const running = this.#take(waiting).finally(() => {
        this.#running.delete(running);
        this.#turns.ended(waiting.uid);
        this.#begin();
      });
      this.#running.add(running);
    }
  }

  async #take(waiting: Waiting): Promise<void> {
    const { name, uid, refusal } = waiting;
    if (!this.#waiting.has(name)) return;
    const allowed = this.#mayBegin(uid);
    if (allowed > 0) return this.#again(waiting, allowed);
    try {
      using file = new DroppedFile(this.#path(name));
      const settled = await settle(file, refusal, this.#options());
      if (settled === "done") this.#remove(name);
      else this.#wait(waiting, settled.waits);
    } catch (error) {
      if (error instanceof NoMessage) this.#refuse(name, uid, error.message);
      else this.#wait(waiting, messageOf(error));
    }
  }

  #wait(waiting: Waiting, reason: string): void {
    const time = Math.min(LONGEST, SHORTEST * 2 ** waiting.tries++);
    const { name, uid } = waiting;
    const file = this.#path(name);
    this.#options().log("drop deferred", { file, uid, reason, seconds: time / 1000 });
    this.#again(waiting, time);
  }

  #again(waiting: Waiting, time: number): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#turns.add(waiting.uid, waiting);
      this.#begin();
    }, time);
    this.#timers.add(timer);
  }

  /** Milliseconds until a user's next message may be taken. */
  #mayBegin(uid: number): number {
    const { quota: { rate } } = this.#options();
    if (rate === undefined) return 0;
    if (rate.times !== this.#rate?.times || rate.span !== this.#rate.span) this.#windows.clear();
    this.#rate = rate;
    const now = performance.now();
    const window = this.#windows.get(uid) ?? new RateWindow(rate);
    this.#windows.set(uid, window);
    const time = window.next(now) - now;
    if (time <= 0) window.begin(now);
    return time;
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`;
  }
}

/** The kinds of changes after which there may be a new message. */
const MAY_BE_NEW: ReadonlySet<Deno.FsEvent["kind"]> = new Set(["create", "rename", "any", "other"]);

const isMail = (path: string): boolean => basename(path).startsWith(NAMES.mail);

const OVER_QUOTA: Outcome = {
  ...{ result: "failed", status: "5.3.1", kind: "quota" },
  reason: "too much mail of this user waits to be taken",
};
