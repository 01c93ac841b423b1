/**
 * The launcher: a process of root that starts mailers as other users, for a server that has given up root.
 *
 * The server starts the launcher while it is root itself, writes to its standard input what may be run, and later
 * connects to it once for each mailer. The launcher ends with the server, and ends all mailers; no signal ends it
 * before. It believes nothing of the server but what it was told at the start.
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { messageOf } from "../base/message_of.ts";
import { launcher, type Process } from "../targets/launch.ts";
import { Semaphore } from "../base/semaphore.ts";
import { type Grant, grantSchema, judge, orderSchema } from "./grants.ts";
import { onSignals } from "./signals.ts";
import { firstLine, FRAME, type FrameKind, FrameStream, piecesOf, textOf } from "./frames.ts";

const termsSchema = z.strictObject({
  grants: z.array(grantSchema).readonly(),
  /** The key: only the server knows it. */
  key: z.string().min(32),
  /** The owner of the socket. */
  uid: z.int().positive(),
  gid: z.int(),
  /** How many mailers may run at once. */
  most: z.int().positive(),
});

/** What the launcher is told at its start, as a line of JSON. */
export type Terms = Readonly<z.infer<typeof termsSchema>>;

/** The umask that leaves a socket to its owner. */
const OWNER_ONLY = 0o177;

/** Milliseconds until the listener is tried again after it failed. */
const PAUSE = 100;

/** `postmaster launcher`, called by a server: prints the path of its socket, and serves until the server is gone. */
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
    // The directory stays root's: nobody else can put a file into it that would mislead root.
    Deno.chmodSync(directory, 0o711);
    Deno.umask(umask);
    const launcher = new Launcher(terms);
    launcher.serve(listener);
    console.log(path);
    while (!(await lines.read()).done);
    launcher.kill();
    Deno.removeSync(path);
  } finally {
    Deno.removeSync(directory);
  }
}

/** Starts mailers, and knows those that run. */
class Launcher {
  readonly #grants: readonly Grant[];
  readonly #key: Uint8Array;
  readonly #places: Semaphore;
  readonly #running = new Set<LaunchedMailer>();
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
        const frames = new FrameStream(await listener.accept());
        this.#run(frames).catch(() => {}).finally(() => {
          frames.close();
          leave();
        });
      } catch {
        leave();
        await new Promise((resolve) => setTimeout(resolve, PAUSE)); // out of descriptors, for instance
      }
    }
  }

  kill(): void {
    for (const mailer of this.#running) mailer.kill();
  }

  async #run(frames: FrameStream): Promise<void> {
    const process = await this.#start(frames);
    if (process === undefined) return;
    const mailer = new LaunchedMailer(frames, process);
    this.#running.add(mailer);
    try {
      await mailer.obey();
    } finally {
      await mailer.end();
      this.#running.delete(mailer);
    }
  }

  async #start(frames: FrameStream): Promise<Process | undefined> {
    const frame = await frames.receive();
    if (frame?.kind !== FRAME.order) return undefined;
    try {
      const { key, order } = JSON.parse(textOf(frame));
      if (!this.#isKey(String(key))) throw new Error("this is not the server");
      const { argv, identity } = judge(orderSchema.parse(order), this.#grants);
      const process = this.#launch(argv, identity);
      frames.send(FRAME.started, String(process.pid)).catch(() => {});
      return process;
    } catch (error) {
      await frames.send(FRAME.refused, messageOf(error));
      return undefined;
    }
  }

  #isKey(text: string): boolean {
    const key = new TextEncoder().encode(text);
    return key.length === this.#key.length && timingSafeEqual(key, this.#key);
  }
}

/** One mailer, and the connection that is for it. */
class LaunchedMailer {
  readonly #frames: FrameStream;
  readonly #process: Process;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  /** Aborted when nobody listens to the mailer any more. */
  readonly #over = new AbortController();
  #writing = false;
  #signalled = false;
  #exited = false;

  constructor(frames: FrameStream, process: Process) {
    this.#frames = frames;
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.#forward(process.stdout, FRAME.stdout);
    this.#forward(process.stderr, FRAME.stderr);
    process.status.then((status) => {
      this.#exited = true;
      // Its children are killed now, while no other process can have its id.
      if (this.#signalled) process.signal("SIGKILL");
      this.#tell(FRAME.exited, JSON.stringify(status));
    });
  }

  /** Does what the server says, until the server is gone or sends a frame that makes no sense. */
  async obey(): Promise<void> {
    for (;;) {
      const frame = await this.#frames.receive();
      if (frame?.kind === FRAME.input && !this.#writing) this.#write(frame.payload);
      else if (frame?.kind === FRAME.end) this.#input.close().catch(() => {});
      else if (frame?.kind === FRAME.signal) this.#signal(textOf(frame));
      else return;
    }
  }

  /** Ends the mailer: nobody waits for it any more. Its input ends only now: half a message never looks whole. */
  async end(): Promise<void> {
    this.kill();
    await this.#process.status;
    this.#input.abort().catch(() => {});
    this.#over.abort(); // a child of the mailer may keep its outputs open
  }

  /** Ends the mailer and its children. One that has ended gets no signal: its id may be that of another process now. */
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

  #forward(output: ReadableStream<Uint8Array>, kind: FrameKind): void {
    const frames = new WritableStream<Uint8Array>({
      write: async (bytes) => {
        for (const piece of piecesOf(bytes)) await this.#frames.send(kind, piece);
      },
      close: () => this.#frames.send(kind),
    });
    output.pipeTo(frames, { signal: this.#over.signal }).catch(() => {}); // the server is gone
  }

  #tell(kind: FrameKind, payload?: string): void {
    this.#frames.send(kind, payload).catch(() => {});
  }
}
