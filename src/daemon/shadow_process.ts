/**
 * The process of a shadow: `postmaster shadow-process`, for the server only. It gives up every permission with which it
 * could change something, loads the candidates, and asks them about what the server tells it. The server reads what it
 * says on the standard output, a JSON object a line.
 * @module
 */
import { setPriority } from "node:os";
import { addOrigin, withOrigins } from "../base/origin.ts";
import { messageOf } from "../base/message_of.ts";
import { onStrayErrors } from "../base/stray.ts";
import { tried } from "../base/tried.ts";
import { within } from "../base/within.ts";
import { around, type Config, loadHandlers, parseConfig } from "../config/mod.ts";
import type { RecordType } from "../dns/records.ts";
import type { Handler } from "../handler/handler.ts";
import { MemoryStore } from "../handler/memory_store.ts";
import { fromPlainText } from "../handler/plain_text.ts";
import { forbidExit } from "../modules/no_exit.ts";
import { framesIn } from "../shadow/frames.ts";
import { Mirror } from "../shadow/mirror.ts";
import type { Answer, Said, Told } from "../shadow/observed.ts";
import { Tally } from "../shadow/tally.ts";
import { Libc } from "./libc.ts";
import { candidatesIn, isRemote, type Terms } from "./shadow_terms.ts";

/** What could have an effect. Files may be read: nothing that is read gets anywhere. */
const EFFECTS = ["write", "net", "run", "ffi"] as const;
/** The niceness: where processors are scarce, the shadow gets a tenth of what others get. */
const NICE = 10;
/** Milliseconds between two reports to the server. */
const ROUND = 500;
/** Milliseconds for what is still to be answered when the server stops. */
const LEAVE = 500;

const encoder = new TextEncoder();
const { stdout } = Deno;

/** Runs until the server is gone. */
export async function runShadow(): Promise<void> {
  tried(() => {
    using libc = Libc.open("a shadow");
    libc.endWithParent();
  });
  for (const name of EFFECTS) Deno.permissions.revokeSync({ name });
  tried(() => setPriority(0, NICE));
  const frames = framesIn(Deno.stdin.readable)[Symbol.asyncIterator]();
  const first = await frames.next();
  if (first.done || !("text" in first.value)) throw new Error("only a server starts a shadow");
  const shadow = await start(JSON.parse(first.value.text));
  if (shadow === undefined) return;
  for (let frame = await frames.next(); !frame.done; frame = await frames.next()) {
    if ("piece" in frame.value) shadow.piece(frame.value.session, frame.value.piece);
    else shadow.take(fromPlainText(frame.value.text) as Told);
  }
  await shadow.finish();
}

/** Loads the candidates; `undefined` if that does not work, which is said. */
async function start(terms: Terms) {
  const { text, file, overrides, stateDirectory, copies, origins } = terms;
  const tally = new Tally();
  quieten(tally);
  for (const origin of origins) addOrigin(origin);
  try {
    const config = parseConfig(text, file, overrides, { stateDirectory });
    forbidExit();
    const load = async (path: string) => await import(copies[path]!);
    const asked = candidatesIn(config).filter((entry) => !isRemote(entry));
    const handlers = await loadHandlers(config, asked, { load }, new AsyncDisposableStack());
    const shadow = new Shadow(config, around(config, handlers), new Set(terms.remote), tally);
    say({ kind: "ready" });
    return shadow;
  } catch (error) {
    say({ kind: "fault", reason: withOrigins(messageOf(error)) });
    return undefined;
  }
}

function say(said: Said): void {
  const octets = encoder.encode(`${JSON.stringify(said)}\n`);
  for (let done = 0; done < octets.length;) done += stdout.writeSync(octets.subarray(done));
}

/** What candidates print is noted, as what they log. */
function quieten(tally: Tally): void {
  for (const method of ["log", "info", "debug", "warn", "error", "trace", "dir"] as const) {
    console[method] = (...data: unknown[]) =>
      tally.note({ what: "prints", handler: "-", event: "-", text: data.map(String).join(" ") });
  }
}

/** Serves one mirror. */
class Shadow {
  readonly #mirror: Mirror;
  readonly #globals: MemoryStore;
  readonly #tally: Tally;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #questions = 0;

  constructor(config: Config, policy: Handler, remote: ReadonlySet<string>, tally: Tally) {
    const { limits, targets } = config;
    this.#globals = new MemoryStore({ capacity: limits.variables });
    this.#mirror = new Mirror({
      ...{ policy, limits, tally, remote, globals: this.#globals },
      judge: (target) => targets.faultIn(target),
      ask: (name, type) => this.#ask(name, type),
    });
    onStrayErrors((error) =>
      tally.note({ what: "broke", handler: "-", event: "-", text: withOrigins(messageOf(error)) })
    );
    this.#tally = tally;
    setInterval(() => this.#report(), ROUND);
  }

  /** Answers what was told, if that does not take long. */
  async finish(): Promise<void> {
    await within(this.#mirror.idle(), LEAVE);
    this.#report();
  }

  async #rest(): Promise<void> {
    await this.#mirror.idle();
    this.#report();
    say({ kind: "rested" });
  }

  #report(): void {
    say({ kind: "pulse", memory: Deno.memoryUsage().rss });
    const found = this.#tally.take();
    if (found !== undefined) say({ kind: "found", found });
  }

  piece(session: number, piece: Uint8Array): void {
    this.#mirror.piece(session, piece);
  }

  take(told: Told): void {
    if (told.kind === "variables") {
      for (const entry of told.entries) this.#globals.adopt(entry.name, entry);
    } else if (told.kind === "answer") {
      this.#asked.get(told.question)?.(told.answer);
      this.#asked.delete(told.question);
    } else if (told.kind === "rest") void this.#rest();
    else this.#mirror.take(told);
  }

  #ask(name: string, type: RecordType): Promise<Answer> {
    const question = this.#questions++;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#asked.set(question, resolve);
    say({ kind: "question", question, name, type });
    return promise;
  }
}
