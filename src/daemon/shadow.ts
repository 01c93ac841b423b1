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
import type { Findings } from "../shadow/observed.ts";
import { Watch } from "../shadow/watch.ts";
import { ShadowChild, type ShadowParent } from "./shadow_child.ts";
import { ShadowDns } from "./shadow_dns.ts";
import { KeptReport, shadowFile } from "./shadow_file.ts";
import { identityOf, termsFor } from "./shadow_terms.ts";

/** Milliseconds between two looks at what was left out. */
const ROUND = 1000;
/** Milliseconds for the last findings when the server stops. */
const LEAVE = 1000;
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
  #child: ShadowChild | undefined;
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
    if (!await within(this.#life, LEAVE)) this.#child?.stop("the server stops");
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
    const terms = await termsFor(this.#config, this.#config.handlers, loader);
    await this.#keepReport();
    if (this.#closed) return "";
    let finished = 0;
    const found = (findings: Findings): void => {
      finished += findings.sessions + findings.lost;
      this.#report!.add(findings);
    };
    const ask: ShadowParent["ask"] = (name, type) => this.#dns.ask(name, type);
    using child = this.#child = new ShadowChild(terms, { ask, found });
    if (!await child.ready) return await child.ended;
    this.#host.log("shadow started", { handlers: this.#names });
    const feed = new Feed(child);
    const lost = (sessions: number): void => {
      if (sessions > 0) this.#report!.add({ ...NOTHING, lost: sessions });
    };
    const timer = setInterval(() => lost(feed.takeLeftOut()), ROUND);
    try {
      await tellVariables(feed, this.#host.globals.entries());
      this.watch.feed = feed;
      return await child.ended;
    } finally {
      this.watch.feed = undefined;
      clearInterval(timer);
      feed.end();
      lost(feed.takeLeftOut() + feed.told - finished);
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

const NOTHING = { sessions: 0, lost: 0, compared: 0, uncompared: {}, differences: [], notes: [] };

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
