/**
 * The server's side of a shadow: starts its process, tells it of live sessions, and keeps what it finds. Whatever the
 * process does, the server does not wait for it: if it hangs, takes too much memory or ends, it is started again.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { yieldToOthers } from "../base/turn.ts";
import { within } from "../base/within.ts";
import type { Config } from "../config/mod.ts";
import type { CachingResolver } from "../dns/caching_resolver.ts";
import type { Entry } from "../handler/global_store.ts";
import type { Log } from "../log/event.ts";
import { ModuleLoader } from "../modules/loader.ts";
import { Feed } from "../shadow/feed.ts";
import { Gathering } from "../shadow/frames.ts";
import type { Said } from "../shadow/observed.ts";
import { Watch } from "../shadow/watch.ts";
import { ShadowDns } from "./shadow_dns.ts";
import { KeptReport, shadowFile } from "./shadow_file.ts";
import { identityOf, termsFor } from "./shadow_terms.ts";

/** The command of the process, for the server only. */
export const SHADOW_PROCESS = "shadow-process";

/** The permissions of the process; it gives up most of them. */
const FLAGS = [
  "--quiet",
  "--no-prompt",
  "--allow-read",
  "--allow-env",
  "--allow-sys",
  "--allow-ffi",
];

/** Milliseconds: for the candidates to be loaded, between two signs of life, and for each of them. */
const START = 60_000;
const PULSE = 1000;
const SILENCE = 15_000;
/** Milliseconds for the last findings when the server stops. */
const LEAVE = 1000;
/** Octets of memory that the process may take, and of them for JavaScript. */
const MOST_MEMORY = 1024 * 1024 * 1024;
const HEAP = "--max-old-space-size=512";
/** Milliseconds until it is started again: at first, and at most. A shadow that lived longer begins with the first. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 600_000;
/** Variables that are told at once. */
const BATCH = 200;

/** What a shadow has of the server. */
export interface ShadowHost {
  readonly dns: CachingResolver;
  readonly globals: { entries(): Iterable<Entry> };
  readonly log: Log;
}

/** The shadow of a server: only one lives at a time, also where setups before the last one are still in use. */
export class Shadows {
  #last: Shadow | undefined;

  /** Begins the shadow of a configuration; `undefined` if it has none. Nobody waits until it is there. */
  async start(config: Config, host: ShadowHost): Promise<Shadow | undefined> {
    await this.#last?.[Symbol.asyncDispose]();
    return this.#last = config.shadow && new Shadow(config, host);
  }
}

/** The shadow of one configuration. */
export class Shadow implements AsyncDisposable {
  /** Sees the live sessions. */
  readonly watch: Watch = new Watch();
  readonly #config: Config;
  readonly #host: ShadowHost;
  readonly #dns: ShadowDns;
  readonly #closing = Promise.withResolvers<void>();
  #closed = false;
  #child: Deno.ChildProcess | undefined;
  #report: KeptReport | undefined;
  readonly #life: Promise<void>;

  constructor(config: Config, host: ShadowHost) {
    this.#config = config;
    this.#host = host;
    this.#dns = new ShadowDns(host.dns, config.dns);
    this.#life = this.#live();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#closing.resolve();
    this.watch.feed?.close();
    if (!await within(this.#life, LEAVE)) kill(this.#child);
    await this.#life;
    this.#report?.close();
    this.#report = undefined;
  }

  /** Starts it again and again, with longer and longer pauses. */
  async #live(): Promise<void> {
    for (let pause = FIRST_PAUSE; !this.#closed;) {
      const begun = Date.now();
      const error = await this.#once().catch(messageOf);
      if (this.#closed) return;
      if (Date.now() - begun > LONGEST_PAUSE) pause = FIRST_PAUSE;
      const next = new Date(Date.now() + pause).toISOString();
      this.#host.log("shadow failed", { error, next });
      this.#report?.restarted();
      await within(this.#closing.promise, pause);
      pause = Math.min(4 * pause, LONGEST_PAUSE);
    }
  }

  /** Runs one process and returns why it has ended. */
  async #once(): Promise<string> {
    using loader = new ModuleLoader();
    const terms = await termsFor(this.#config, loader);
    await this.#keepReport();
    if (this.#closed) return "";
    const program = Deno.build.standalone ? [] : ["run", ...FLAGS, Deno.mainModule];
    const child = this.#child = new Deno.Command(Deno.execPath(), {
      args: [...program, SHADOW_PROCESS],
      env: { DENO_V8_FLAGS: HEAP },
      ...{ stdin: "piped", stdout: "piped", stderr: "null" },
    }).spawn();
    const input = child.stdin.getWriter();
    const first = new Gathering();
    first.text(JSON.stringify(terms));
    input.write(first.take()).catch(() => {});
    const feed = new Feed({ write: (octets) => input.write(octets), close: () => input.close() });
    const run = new Run(feed, this.#dns, this.#report!, (reason) => {
      run.reason ??= reason;
      kill(child);
    });
    try {
      const reading = run.read(child.stdout);
      run.wait(START, "the handlers of the shadow were not loaded in time");
      if (await run.ready) {
        this.#host.log("shadow started", { handlers: this.#names });
        await tellVariables(feed, this.#host.globals.entries());
        this.watch.feed = feed;
        run.beat();
      }
      await reading;
      const { code, signal } = await child.status;
      return run.reason ?? `its process has ended (${signal ?? `exit status ${code}`})`;
    } finally {
      this.watch.feed = undefined;
      run.end();
      kill(child);
      input.abort().catch(() => {});
    }
  }

  get #names(): readonly string[] {
    return this.#config.shadow!.map(({ name }) => name);
  }

  async #keepReport(): Promise<void> {
    this.#report?.close();
    const of = await identityOf(this.#config);
    const file = shadowFile(this.#config.stateDirectory);
    const failed = (error: unknown) =>
      this.#host.log("store failed", { file, error: messageOf(error) });
    this.#report = new KeptReport(file, { of, handlers: this.#names }, failed);
  }
}

/** One process. */
class Run {
  readonly #feed: Feed;
  readonly #dns: ShadowDns;
  readonly #report: KeptReport;
  readonly #stop: (reason: string) => void;
  readonly #ready = Promise.withResolvers<boolean>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;
  /** The sessions of which it has said that they are over. */
  #finished = 0;
  /** Why it was ended. */
  reason: string | undefined;

  constructor(feed: Feed, dns: ShadowDns, report: KeptReport, stop: (reason: string) => void) {
    this.#feed = feed;
    this.#dns = dns;
    this.#report = report;
    this.#stop = stop;
  }

  /** Whether the candidates were loaded. */
  get ready(): Promise<boolean> {
    return this.#ready.promise;
  }

  /** Ends the process if it says nothing for so long. */
  wait(milliseconds: number, otherwise: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#stop(otherwise), milliseconds);
  }

  /** Asks for signs of life from now on. */
  beat(): void {
    this.#await();
    this.#pulse = setInterval(() => {
      this.#addLost(this.#feed.takeLeftOut());
    }, PULSE);
  }

  /** Reads what the process says, until its end. */
  async read(output: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of output.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      if (rest.length > LONGEST_LINE) return this.#stop("it prints without end");
      for (const line of lines) this.#hear(line);
    }
    this.#ready.resolve(false);
  }

  end(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
    this.#feed.end();
    this.#addLost(this.#feed.takeLeftOut() + this.#feed.told - this.#finished);
  }

  #addLost(lost: number): void {
    if (lost > 0) this.#report.add({ ...NOTHING, lost });
  }

  #await(): void {
    this.wait(
      SILENCE,
      `it did not answer for ${SILENCE / 1000} seconds: a handler works without end`,
    );
  }

  #hear(line: string): void {
    const said = parsed(line);
    if (said?.kind === "ready") this.#ready.resolve(true);
    else if (said?.kind === "fault") this.#stop(said.reason);
    else if (said?.kind === "found") {
      this.#finished += said.found.sessions + said.found.lost;
      this.#report.add(said.found);
    } else if (said?.kind === "pulse") {
      this.#await();
      if (said.memory > MOST_MEMORY) this.#stop("it takes more than 1 GiB of memory");
    } else if (said?.kind === "question") {
      const { question, name, type } = said;
      this.#dns.ask(name, type).then((answer) =>
        this.#feed.tell({ kind: "answer", question, answer })
      );
    }
  }
}

const LONGEST_LINE = 8 * 1024 * 1024;

const NOTHING = { sessions: 0, lost: 0, compared: 0, uncompared: {}, differences: [], notes: [] };

/** A candidate may print something by itself, which is no word of the process. */
function parsed(line: string): Said | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function tellVariables(feed: Feed, all: Iterable<Entry>): Promise<void> {
  let entries: Entry[] = [];
  for (const entry of all) {
    if (entries.push(entry) < BATCH) continue;
    feed.tell({ kind: "variables", entries });
    entries = [];
    await yieldToOthers();
  }
  feed.tell({ kind: "variables", entries });
}

function kill(child: Deno.ChildProcess | undefined): void {
  try {
    child?.kill("SIGKILL");
  } catch { /* it has ended */ }
}
