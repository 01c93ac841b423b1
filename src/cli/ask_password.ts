/**
 * Passwords from a terminal, which does not show them, or from a pipe.
 * @module
 */

/** A password as it is written: asked for twice at a terminal, else the one line of the standard input. */
export async function askNewPassword(user: string): Promise<string> {
  if (!Deno.stdin.isTerminal()) return await lineOf(Deno.stdin.readable);
  const keys = new Keyboard();
  const password = await keys.ask(`New password of ${user}: `);
  if (await keys.ask("Again: ") === password) return password;
  throw new Error("the two passwords are not the same");
}

/** The password that a user has, asked for once. */
export const askPassword = async (user: string): Promise<string> =>
  Deno.stdin.isTerminal()
    ? await new Keyboard().ask(`Password of ${user}: `)
    : await lineOf(Deno.stdin.readable);

/** The only line of a stream. */
async function lineOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const [line = "", ...rest] = decode(new Uint8Array(await new Response(stream).arrayBuffer()))
    .split(/\r?\n/);
  if (rest.every((one) => one === "")) return line;
  throw new Error("the standard input has several lines: write the password as one line");
}

/** What is typed at a terminal. */
class Keyboard {
  /** What was typed before it was asked for. */
  #ahead: number[] = [];

  /** Asks on the standard error, and does not show the answer. */
  async ask(question: string): Promise<string> {
    const stderr = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
    Deno.stdin.setRaw(true);
    try {
      stderr(question);
      return await this.#line();
    } finally {
      Deno.stdin.setRaw(false);
      stderr("\n");
    }
  }

  async #line(): Promise<string> {
    let line: number[] = [];
    while (true) {
      const key = this.#ahead.shift() ?? await this.#key();
      if (key === KEY.return || key === KEY.newline) return decode(new Uint8Array(line));
      if (key === KEY.interrupt || key === KEY.end) throw new Error("no password was given");
      if (key === KEY.erase || key === KEY.backspace) line = withoutLast(line);
      else if (key === KEY.kill) line = [];
      else line.push(key);
    }
  }

  async #key(): Promise<number> {
    const octets = new Uint8Array(256);
    const count = await Deno.stdin.read(octets);
    this.#ahead.push(...octets.subarray(0, count ?? 0));
    return this.#ahead.shift() ?? KEY.end;
  }
}

/** Keys that do something: Ctrl-C, Ctrl-D, Backspace (which is the one or the other), Return, Ctrl-U. */
const KEY = {
  interrupt: 3,
  end: 4,
  backspace: 8,
  newline: 10,
  return: 13,
  kill: 21,
  erase: 127,
} as const;

/** UTF-8 without its last character. */
function withoutLast(line: readonly number[]): number[] {
  const begin = line.findLastIndex((octet) => (octet & 0xc0) !== 0x80);
  return line.slice(0, Math.max(begin, 0));
}

function decode(octets: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    throw new Error("the password is not UTF-8: set the terminal to UTF-8");
  }
}
