/**
 * A mailer that the launcher runs, as if it were a process of the server's own.
 * @module
 */
import type { Process } from "../targets/launch.ts";
import { FRAME, type Frame, FrameStream, piecesOf, textOf } from "./frames.ts";

type Status = Awaited<Process["status"]>;

/** The status of a mailer whose launcher is gone. */
const LOST: Status = { code: 128 + 9, signal: "SIGKILL" };

/** A mailer, by its connection. */
export class RemoteProcess implements Process {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<Status>;
  readonly #frames: FrameStream;
  readonly #outputs: Readonly<Record<string, WritableStreamDefaultWriter<Uint8Array>>>;
  /** Settled when the launcher says what became of the last piece of input. */
  #taken: PromiseWithResolvers<void> | undefined;
  #exited = false;

  private constructor(frames: FrameStream, pid: number) {
    this.#frames = frames;
    this.pid = pid;
    const [stdout, stderr] = [new TransformStream(), new TransformStream()];
    this.stdout = stdout.readable;
    this.stderr = stderr.readable;
    this.#outputs = {
      [FRAME.stdout]: stdout.writable.getWriter(),
      [FRAME.stderr]: stderr.writable.getWriter(),
    };
    this.stdin = new WritableStream({
      write: (bytes) => this.#write(bytes),
      close: () => frames.send(FRAME.end),
    });
    const { promise, resolve } = Promise.withResolvers<Status>();
    this.status = promise;
    this.#listen(resolve);
    this.#closeAtTheEnd();
  }

  /** Has the launcher start a mailer. Throws an Error with the launcher's reason if it refuses. */
  static async start(path: string, order: string): Promise<RemoteProcess> {
    const frames = new FrameStream(await Deno.connect({ transport: "unix", path }));
    try {
      await frames.send(FRAME.order, order);
      const answer = await frames.receive();
      if (answer?.kind === FRAME.started) return new RemoteProcess(frames, Number(textOf(answer)));
      throw new Error(answer === undefined ? "the launcher does not answer" : textOf(answer));
    } catch (error) {
      frames.close();
      throw error;
    }
  }

  signal(signal: Deno.Signal): void {
    this.#frames.send(FRAME.signal, signal).catch(() => {});
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (const piece of piecesOf(bytes)) {
      if (this.#exited) throw new Error("the mailer has ended");
      this.#taken = Promise.withResolvers();
      this.#taken.promise.catch(() => {}); // it may be rejected before it is waited for
      await this.#frames.send(FRAME.input, piece);
      await this.#taken.promise;
    }
  }

  async #listen(end: (status: Status) => void): Promise<void> {
    let frame: Frame | undefined;
    while ((frame = await this.#frames.receive().catch(() => undefined)) !== undefined) {
      if (frame.kind === FRAME.exited) {
        this.#exit();
        end(JSON.parse(textOf(frame)));
      } else await this.#take(frame);
    }
    this.#exit();
    end(LOST);
    for (const output of Object.values(this.#outputs)) output.close().catch(() => {});
  }

  async #take({ kind, payload }: Frame): Promise<void> {
    const output = this.#outputs[kind];
    if (output !== undefined) {
      await (payload.length > 0 ? output.write(payload) : output.close()).catch(() => {});
    } else if (kind === FRAME.taken) this.#taken?.resolve();
    else if (kind === FRAME.untaken) this.#taken?.reject(new Error("the mailer reads no more"));
  }

  #exit(): void {
    this.#exited = true;
    this.#taken?.reject(new Error("the mailer has ended"));
  }

  /** Closes the connection after the mailer has ended and its outputs were read or cancelled. */
  async #closeAtTheEnd(): Promise<void> {
    const heard = Object.values(this.#outputs).map((output) => output.closed);
    await Promise.allSettled([this.status, ...heard]);
    this.#frames.close();
  }
}
