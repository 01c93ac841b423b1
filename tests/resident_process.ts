/**
 * Processes that run one command of the program after the other, servers too: the program is loaded once, which takes
 * most of the time of a command. What depends on the process, such as its memory, needs one of its own.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { COMPILED, PROGRAM, ROOT } from "./program.ts";
import type { Request } from "./resident_program.ts";

/** What a command is given. */
export type Given = Omit<Request, "end">;

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whether there are such processes: a compiled program has none. */
export const CAN_STAY: boolean = COMPILED === undefined;

/** Those that wait for a command. They end with the process of the test. */
const idle: Resident[] = [];

/** A process that runs commands. */
export class Resident {
  readonly #child: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamDefaultReader<string>;
  readonly #stderr: ReadableStreamDefaultReader<string>;

  private constructor() {
    const [program = "", ...args] = PROGRAM.slice(0, -1);
    const module = fileURLToPath(new URL("./resident_program.ts", import.meta.url));
    this.#child = new Deno.Command(program, {
      args: [...args, module],
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#requests = this.#child.stdin.getWriter();
    this.#stdout = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#stderr = this.#child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** One that nobody uses. It is free again when the command that it is given has ended. */
  static take(): Resident {
    return idle.pop() ?? new Resident();
  }

  get pid(): number {
    return this.#child.pid;
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /**
   * Runs a command to its end. Then the process may be gone, if the command has ended it.
   *
   * @param heard is given the lines on standard error as they come
   */
  async run(given: Given, heard: (lines: string) => void = () => {}): Promise<Ended> {
    const end = crypto.randomUUID();
    const request: Request = { ...given, end };
    await this.#requests.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    const [[stdout], [stderr, code]] = await Promise.all([
      textBefore(this.#stdout, new RegExp(`${end}\n`)),
      textBefore(this.#stderr, new RegExp(`${end}(\\d+)\n`), heard),
    ]);
    if (code === undefined) return { code: (await this.#child.status).code, stdout, stderr };
    idle.push(this);
    return { code: Number(code), stdout, stderr };
  }
}

/** What comes before an end, and what that has in parentheses; everything if there is no end. */
async function textBefore(
  reader: ReadableStreamDefaultReader<string>,
  end: RegExp,
  heard: (lines: string) => void = () => {},
): Promise<readonly [string, ...string[]]> {
  let text = "";
  for (let told = 0;;) {
    const { value = "", done } = await reader.read();
    text += value;
    const found = end.exec(text.slice(told));
    if (found !== null) text = text.slice(0, told + found.index);
    const isOver = done || found !== null;
    const known = isOver ? text.length : text.lastIndexOf("\n") + 1;
    if (known > told) heard(text.slice(told, known));
    told = known;
    if (isOver) return [text, ...found?.slice(1) ?? []];
  }
}
