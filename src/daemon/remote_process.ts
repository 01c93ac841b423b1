/**
 * A mailer that the launcher runs, as if it were a process of the server's own.
 *
 * @module
 */
import type { Process } from "../targets/launch.ts";
import { FRAME, type Frame, PIECE, textOf, Wire } from "./wire.ts";

type Status = Awaited<Process["status"]>;

/** How a mailer has ended of which nobody can tell any more. */
const LOST: Status = { code: 128 + 9, signal: "SIGKILL" };

/** A mailer, by its connection. */
export class RemoteProcess implements Process {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<Status>;
  readonly #wire: Wire;
  readonly #outputs: Readonly<Record<string, WritableStreamDefaultWriter<Uint8Array>>>;
  /** Told what becomes of the piece of input that is on its way. */
  #taken: PromiseWithResolvers<void> | undefined;
  #exited = false;

  private constructor(wire: Wire, pid: number) {
    this.#wire = wire;
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
      close: () => wire.send(FRAME.end),
    });
    const { promise, resolve } = Promise.withResolvers<Status>();
    this.status = promise;
    this.#listen(resolve);
    this.#closeAtTheEnd();
  }

  /** Has a mailer started. Throws an Error with the launcher's reason if it does not. */
  static async start(path: string, order: string): Promise<RemoteProcess> {
    const wire = new Wire(await Deno.connect({ transport: "unix", path }));
    try {
      await wire.send(FRAME.order, order);
      const answer = await wire.receive();
      if (answer?.kind === FRAME.started) return new RemoteProcess(wire, Number(textOf(answer)));
      throw new Error(answer === undefined ? "the launcher does not answer" : textOf(answer));
    } catch (error) {
      wire.close();
      throw error;
    }
  }

  signal(signal: Deno.Signal): void {
    this.#wire.send(FRAME.signal, signal).catch(() => {});
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; from += PIECE) {
      if (this.#exited) throw new Error("the mailer has ended");
      this.#taken = Promise.withResolvers();
      this.#taken.promise.catch(() => {}); // it may be rejected before it is waited for
      await this.#wire.send(FRAME.input, bytes.subarray(from, from + PIECE));
      await this.#taken.promise;
    }
  }

  async #listen(end: (status: Status) => void): Promise<void> {
    let frame: Frame | undefined;
    while ((frame = await this.#wire.receive().catch(() => undefined)) !== undefined) {
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

  /** Once it has ended, and nobody listens to it or all was heard. */
  async #closeAtTheEnd(): Promise<void> {
    const heard = Object.values(this.#outputs).map((output) => output.closed);
    await Promise.allSettled([this.status, ...heard]);
    this.#wire.close();
  }
}
