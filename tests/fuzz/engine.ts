/**
 * A session with the engine in this process, without sockets.
 * @module
 */
import type { Authentication } from "../../src/auth/authentication.ts";
import { Network } from "../../src/base/ip.ts";
import { chain } from "../../src/handler/handler.ts";
import { MemoryStore } from "../../src/handler/memory_store.ts";
import { SessionState } from "../../src/handler/session.ts";
import { silent } from "../../src/log/event.ts";
import { beforeReply } from "../../src/server/before_reply.ts";
import { core } from "../../src/server/core.ts";
import { Dialogue } from "../../src/server/dialogue.ts";
import { BINARYMIME } from "../../src/server/chunking.ts";
import { Extensions } from "../../src/server/extension.ts";
import { extensionsOn } from "../../src/server/extensions.ts";
import { newId } from "../../src/base/id.ts";
import { Memory, type Part } from "../../src/message/memory.ts";
import { spool, SpoolFile } from "../../src/message/spool.ts";
import type { Transport } from "../../src/server/transport.ts";
import { xclientFor } from "../../src/server/xclient.ts";
import { ENCRYPTED } from "../../src/testing/encrypted.ts";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { FakeDns } from "../../src/testing/fake_dns.ts";
import { Recording } from "./heard.ts";
import { mechanisms, passwords, policy, targetsFor, turns } from "./policy.ts";
import type { Random } from "./random.ts";
import { HOSTNAME, type World } from "./world.ts";

/** Memory whose octets can be seen. */
class Counted extends Memory {
  held = 0;

  override part(): Part {
    const part = super.part();
    let mine = 0;
    return {
      hold: (octets) => {
        this.held += octets - mine;
        mine = octets;
        part.hold(octets);
      },
    };
  }
}

const EVERYONE = [Network.parse("0.0.0.0/0")];

/** Turns of the event loop after which a session that waits is stuck, unless the clock goes on. */
const PATIENCE = 300;
/** Octets that a session may hold at any time. */
const MOST = 1024 * 1024;

/** One session. */
export class EngineSession implements Transport {
  readonly #random: Random;
  readonly #clock = new FakeClock();
  readonly #memory: Counted;
  readonly #dialogue: Dialogue;
  /** The session so far. */
  readonly heard: Recording = new Recording();
  #held = false;
  #securing = false;
  /** The client takes no replies. */
  #blocked = false;

  constructor(world: World, random: Random) {
    this.#random = random;
    const { limits } = world;
    this.#memory = new Counted(limits.messageMemory);
    const memory = this.#memory;
    const targets = targetsFor((delivered) =>
      this.heard.delivered.push({ ...delivered, after: this.heard.said.length })
    );
    const extensions = extensionsOf(world);
    const acceptance = beforeReply({
      targets,
      limits,
      memory,
      log: silent,
      spoolDirectory: "/tmp",
    });
    const whole = chain(policy, core({ acceptance, limits, extensions, passwords, log: silent }));
    const session = new SessionState({
      id: newId(),
      peer: { address: world.auth === "always" ? "127.0.0.1" : "192.0.2.1", port: 45678 },
      listener: { address: "192.0.2.25:25", kind: world.kind },
      context: {
        hostname: HOSTNAME,
        log: silent,
        globals: new MemoryStore(),
        dns: new FakeDns(),
        keep: (body) => spool(body, () => SpoolFile.unnamed("/tmp"), memory),
        chain: whole,
        judge: (target) => targets.faultIn(target),
      },
    });
    const engine = { chain: whole, extensions, limits, tolerated: {}, memory, newId };
    this.#dialogue = new Dialogue({ ...engine, clock: this.#clock }, session, this);
    this.#clock.watch(() => this.#dialogue.checkDeadlines());
    this.#dialogue.start();
  }

  /** Sends octets, one character each, as soon as the server reads. */
  async write(octets: string): Promise<void> {
    if (this.#mustWait) await this.settle();
    if (this.heard.closed) return;
    this.heard.sent += octets;
    this.#dialogue.receive(bytesAt(octets, this.#random.below(4)));
    if (this.#memory.held > MOST) throw new Error(`the session holds ${this.#memory.held} octets`);
  }

  /** Sends no more. */
  end(): Promise<void> {
    this.heard.client = "done";
    if (!this.heard.closed) this.#dialogue.end();
    return Promise.resolve();
  }

  /** Goes away. */
  async vanish(): Promise<void> {
    this.heard.client = "gone";
    this.heard.closed = true;
    this.#dialogue.lost();
    this.#held = this.#securing = this.#blocked = false;
    await turns(PATIENCE / 10);
  }

  /** Waits until the server has done all that it can do with what it was sent. */
  async settle(): Promise<void> {
    let said = this.heard.said.length;
    for (let turn = 1; this.#mustWait || this.#blocked || !this.#dialogue.idle; turn++) {
      if (this.heard.closed) break;
      if (turn % PATIENCE === 0) this.#clock.advance(301_000);
      if (turn > 5 * PATIENCE) throw new Error("the session is stuck");
      await turns(1);
      if (this.heard.said.length > said) [said, turn] = [this.heard.said.length, 1];
    }
    await turns(1);
  }

  /** Lets the session go on while the client waits. */
  idle(): Promise<void> {
    return turns(this.#random.between(1, 4));
  }

  /** What is left of the session when it is over: a handler that never answers is given up in time. */
  async outlived(): Promise<string | undefined> {
    for (let i = 0; i < 3 && this.#memory.held > 0; i++) {
      this.#clock.advance(301_000);
      await turns(10);
    }
    const { held } = this.#memory;
    return held === 0 ? undefined : `${held} octets are held after the session`;
  }

  send(replies: string): boolean {
    this.heard.said += replies;
    if (this.#random.chance(0.95)) return true;
    this.#blocked = true;
    turns(this.#random.between(1, 5)).then(() => {
      this.#blocked = false;
      this.#dialogue.sent();
    });
    return false;
  }

  hold(on: boolean): void {
    this.#held = on;
  }

  async secure(words: string) {
    this.heard.said += words;
    this.#securing = true;
    await turns(this.#random.between(1, 3));
    this.#securing = false;
    const ok = this.#random.chance(0.9);
    this.heard.secured.push({ at: this.heard.sent.length, ok });
    return ok ? ENCRYPTED : undefined;
  }

  close(): void {
    this.heard.closed = true;
  }

  drop(): void {
    this.heard.closed = true;
  }

  get #mustWait(): boolean {
    return this.#held || this.#securing;
  }
}

function extensionsOf({ tls, auth, kind, binary, xclient }: World): Extensions {
  const authentication: Authentication = {
    mechanisms,
    passwords,
    listeners: [kind],
    clearLoopback: auth === "always",
  };
  const offered = extensionsOn({
    certificates: tls ? { ready: true } : undefined,
    authentication: auth === "no" ? undefined : authentication,
  });
  const naming = xclientFor({ peers: EVERYONE, login: xclient === "with login" });
  return new Extensions([
    ...offered,
    ...binary ? [BINARYMIME] : [],
    ...xclient === "no" ? [] : naming,
  ]);
}

/** Octets that begin so far from where a word of memory begins. */
function bytesAt(octets: string, offset: number): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(octets.length + offset), offset);
  bytes.set(Buffer.from(octets, "latin1"));
  return bytes;
}
