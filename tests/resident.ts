/**
 * Commands of the program that share a process: it is loaded once, which takes most of the time of a command, and then
 * runs one after the other. Each has its own arguments, standard input, outputs and exit code. For what depends on the
 * process, such as its environment and its signals, tests/running.ts has one for each command; it also has all commands
 * of the compiled program.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { COMPILED, Directory, type Ended, feed as feedAlone, PROGRAM, ROOT } from "./running.ts";
import type { Request } from "./resident_program.ts";

/** A process that runs commands. */
class Resident {
  readonly #child: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamDefaultReader<string>;
  readonly #stderr: ReadableStreamDefaultReader<string>;

  constructor() {
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

  /** Runs a command; then the process may be gone, if the command has ended it. */
  async run(args: readonly string[], input: string): Promise<Ended & { readonly gone: boolean }> {
    const end = crypto.randomUUID();
    const request: Request = { args, input, end };
    await this.#requests.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    const [stdout, [stderr = "", code]] = await Promise.all([
      textBefore(this.#stdout, new RegExp(`${end}\n$`)),
      textBefore(this.#stderr, new RegExp(`${end}(\\d+)\n$`)),
    ]);
    const gone = code === undefined;
    return {
      code: gone ? (await this.#child.status).code : Number(code),
      stdout: stdout[0]!,
      stderr,
      gone,
    };
  }
}

/** What comes before an end, and what that has in parentheses; everything if there is no end. */
async function textBefore(
  reader: ReadableStreamDefaultReader<string>,
  end: RegExp,
): Promise<readonly [string, ...string[]]> {
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return [text];
    text += value;
    const found = end.exec(text.slice(-100));
    if (found !== null) return [text.slice(0, -found[0].length), ...found.slice(1)];
  }
}

/** Those that wait for a command. They end with the process of the test. */
const idle: Resident[] = [];

/** As `postmaster()` of tests/running.ts. */
export const postmaster = (...args: readonly string[]): Promise<Ended> => feed("", ...args);

/** As `feed()` of tests/running.ts. */
export async function feed(
  input: string | Uint8Array,
  ...args: readonly string[]
): Promise<Ended> {
  if (COMPILED !== undefined) return await feedAlone(input, ...args);
  using directory = new Directory();
  const path = directory.of("input");
  const octets = typeof input === "string" ? new TextEncoder().encode(input) : input;
  Deno.writeFileSync(path, octets);
  const resident = idle.pop() ?? new Resident();
  const { gone, ...ended } = await resident.run(args, path);
  if (!gone) idle.push(resident);
  return ended;
}
