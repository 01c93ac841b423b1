/**
 * The launcher: a process of root's that starts mailers as other users for a server that has given up root.
 *
 * The server starts it before that, tells it by its standard input what may be run, and afterwards connects to it
 * once for each mailer. It ends with the server, and with it all mailers; no signal ends it before. It believes
 * the server nothing but what it was told at the start.
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { messageOf } from "../base/message_of.ts";
import { launcher, type Process } from "../targets/launch.ts";
import { Semaphore } from "../base/semaphore.ts";
import { firstLine } from "./first_line.ts";
import { type Grant, grantSchema, judge, orderSchema } from "./grants.ts";
import { onSignals } from "./signals.ts";
import { FRAME, type FrameKind, PIECE, textOf, Wire } from "./wire.ts";

/** What the launcher is told at its start, as a line of JSON. */
export interface Terms {
  readonly grants: readonly Grant[];
  /** Who knows it is the server. */
  readonly key: string;
  /** Whose the socket is. */
  readonly uid: number;
  readonly gid: number;
  /** Mailers at once. */
  readonly most: number;
}

const termsSchema: z.ZodType<Terms> = z.strictObject({
  grants: z.array(grantSchema),
  key: z.string().min(32),
  uid: z.int().positive(),
  gid: z.int(),
  most: z.int().positive(),
});

/** The umask that leaves a socket to its owner. */
const OWNER_ONLY = 0o177;

/** Milliseconds until the listener is tried again after it failed. */
const PAUSE = 100;

/** `postmaster launcher`, which only a server calls: says where its socket is, and serves until the server is gone. */
export async function runLauncher(): Promise<void> {
  const nothing = () => {}; // a terminal's ^C, or a service manager, may mean the server's whole group
  using _signals = onSignals({ SIGINT: nothing, SIGTERM: nothing, SIGHUP: nothing });
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
  const terms = termsSchema.parse(
    JSON.parse(await firstLine(lines, "only a server starts a launcher")),
  );
  const umask = Deno.umask();
  const directory = Deno.makeTempDirSync({ prefix: "postmaster-launcher-" });
  const path = `${directory}/socket`;
  try {
    Deno.umask(OWNER_ONLY);
    using listener = Deno.listen({ transport: "unix", path });
    Deno.chownSync(path, terms.uid, terms.gid);
    // It stays root's: nobody else can put anything into it that root would trip over.
    Deno.chmodSync(directory, 0o711);
    Deno.umask(umask);
    const mailers = new Mailers(terms);
    mailers.serve(listener);
    console.log(path);
    while (!(await lines.read()).done);
    mailers.kill();
    Deno.removeSync(path);
  } finally {
    Deno.removeSync(directory);
  }
}

/** The mailers that run. */
class Mailers {
  readonly #grants: readonly Grant[];
  readonly #key: Uint8Array;
  readonly #places: Semaphore;
  readonly #running = new Set<Mailer>();
  readonly #launch = launcher();

  constructor({ grants, key, most }: Terms) {
    this.#grants = grants;
    this.#key = new TextEncoder().encode(key);
    this.#places = new Semaphore(most);
  }

  /** Accepts connections, one for each mailer, as long as the process lives. */
  async serve(listener: Deno.Listener): Promise<void> {
    const never = new AbortController().signal;
    for (;;) {
      const leave = await this.#places.acquire(never);
      try {
        const wire = new Wire(await listener.accept());
        this.#run(wire).catch(() => {}).finally(() => {
          wire.close();
          leave();
        });
      } catch {
        leave();
        await new Promise((resolve) => setTimeout(resolve, PAUSE)); // out of descriptors, for instance
      }
    }
  }

  /** Ends them all. */
  kill(): void {
    for (const mailer of this.#running) mailer.kill();
  }

  async #run(wire: Wire): Promise<void> {
    const process = await this.#start(wire);
    if (process === undefined) return;
    const mailer = new Mailer(wire, process);
    this.#running.add(mailer);
    try {
      await mailer.obey();
    } finally {
      await mailer.end();
      this.#running.delete(mailer);
    }
  }

  async #start(wire: Wire): Promise<Process | undefined> {
    const frame = await wire.receive();
    if (frame?.kind !== FRAME.order) return undefined;
    try {
      const { key, order } = JSON.parse(textOf(frame));
      if (!this.#isKey(String(key))) throw new Error("this is not the server");
      const { argv, identity } = judge(orderSchema.parse(order), this.#grants);
      const process = this.#launch(argv, identity);
      wire.send(FRAME.started, String(process.pid)).catch(() => {});
      return process;
    } catch (error) {
      await wire.send(FRAME.refused, messageOf(error));
      return undefined;
    }
  }

  #isKey(text: string): boolean {
    const key = new TextEncoder().encode(text);
    return key.length === this.#key.length && timingSafeEqual(key, this.#key);
  }
}

/** One mailer, and the connection that is for it. */
class Mailer {
  readonly #wire: Wire;
  readonly #process: Process;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #outputs: readonly ReadableStreamDefaultReader<Uint8Array>[];
  #writing = false;
  #signalled = false;
  #exited = false;

  constructor(wire: Wire, process: Process) {
    this.#wire = wire;
    this.#process = process;
    this.#input = process.stdin.getWriter();
    const [stdout, stderr] = [process.stdout.getReader(), process.stderr.getReader()];
    this.#outputs = [stdout, stderr];
    this.#forward(stdout, FRAME.stdout);
    this.#forward(stderr, FRAME.stderr);
    process.status.then((status) => {
      this.#exited = true;
      // Its children are killed now, while nobody else can have got its number; there is no later.
      if (this.#signalled) process.signal("SIGKILL");
      this.#tell(FRAME.exited, JSON.stringify(status));
    });
  }

  /** Does what the server says, until it is gone or says what makes no sense. */
  async obey(): Promise<void> {
    for (;;) {
      const frame = await this.#wire.receive();
      if (frame?.kind === FRAME.input && !this.#writing) this.#write(frame.payload);
      else if (frame?.kind === FRAME.end) this.#input.close().catch(() => {});
      else if (frame?.kind === FRAME.signal) this.#signal(textOf(frame));
      else return;
    }
  }

  /** Nobody waits for it any more. Its input ends only now: half a message never looks whole. */
  async end(): Promise<void> {
    this.kill();
    await this.#process.status;
    this.#input.abort().catch(() => {});
    for (const output of this.#outputs) output.cancel().catch(() => {}); // a child of it may keep it open
  }

  /** Ends it and its children. One that has ended is sent no signal: its number may be another's by now. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  #signal(name: string): void {
    if (this.#exited || (name !== "SIGTERM" && name !== "SIGKILL")) return;
    this.#signalled = true;
    this.#process.signal(name);
  }

  async #write(payload: Uint8Array): Promise<void> {
    this.#writing = true;
    const taken = await this.#input.write(payload).then(() => true, () => false);
    this.#writing = false;
    this.#tell(taken ? FRAME.taken : FRAME.untaken);
  }

  async #forward(
    output: ReadableStreamDefaultReader<Uint8Array>,
    kind: FrameKind,
  ): Promise<void> {
    try {
      for (let read = await output.read(); !read.done; read = await output.read()) {
        const bytes = read.value;
        for (let from = 0; from < bytes.length; from += PIECE) {
          await this.#wire.send(kind, bytes.subarray(from, from + PIECE));
        }
      }
      await this.#wire.send(kind);
    } catch { /* the server is gone */ }
  }

  #tell(kind: FrameKind, payload?: string): void {
    this.#wire.send(kind, payload).catch(() => {});
  }
}
