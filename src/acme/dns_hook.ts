/**
 * DNS-01 (RFC 8555 section 8.4): a program of the operator puts the records into the zone.
 * @module
 */
import { accessSync, constants, statSync } from "node:fs";
import { messageOf } from "../base/message_of.ts";
import { failureOf } from "../base/tried.ts";
import { within } from "../base/within.ts";
import { findIdentity, PATH, placesOf } from "../targets/identity.ts";
import { launcher } from "../targets/launch.ts";
import type { Challenge, Challenges } from "./settings.ts";

/** Milliseconds in which the program must have changed the zone, on all its servers. */
const PATIENCE = 600_000;
/** Milliseconds for what it has printed: a program that it has started may keep its output open. */
const LAST_WORDS = 1000;

/** Calls the program with `add` or `remove`, the name of the TXT record, and its value. */
export class DnsHook implements Challenges {
  readonly #command: readonly string[];

  constructor(command: readonly string[]) {
    this.#command = command;
  }

  add({ name, value }: Challenge): Promise<void> {
    return this.#run("add", name, value);
  }

  remove({ name, value }: Challenge): Promise<void> {
    return this.#run("remove", name, value);
  }

  async #run(...args: readonly string[]): Promise<void> {
    const argv = [...this.#command, ...args];
    const child = launcher()(argv, findIdentity());
    const output = Promise.all([child.stdout, child.stderr].map((stream) => lastLine(stream)));
    await child.stdin.close().catch(() => {}); // it may have ended already
    const called = `the DNS hook, ${this.#command[0]} ${args[0]} ${args[1]},`;
    if (!await within(child.status, PATIENCE)) {
      child.signal("SIGKILL");
      throw new Error(`${called} did not end within ${PATIENCE / 60_000} minutes`);
    }
    const { code, signal } = await child.status;
    if (code === 0) return;
    const isHeard = await within(output, LAST_WORDS);
    const said = isHeard ? (await output).findLast((line) => line !== "") : undefined;
    throw new Error(
      `${called} ended with ${signal ?? `exit code ${code}`}: ${said ?? "it said nothing"}`,
    );
  }
}

/** The last line that a program prints, or its end. */
async function lastLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let tail = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    tail = (tail + text).slice(-500);
  }
  return tail.trimEnd().split("\n").at(-1)!;
}

/** Why a program cannot be run; `undefined` if it can. */
export function faultOfProgram(program: string): string | undefined {
  if (program.includes("/")) return failureOf(() => tryToRun(program));
  if (placesOf(program).some((place) => failureOf(() => tryToRun(place)) === undefined)) {
    return undefined;
  }
  return `there is no program ${program} in ${PATH}: install it, or name its full path`;
}

function tryToRun(program: string): void {
  try {
    accessSync(program, constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      code === "ENOENT"
        ? `there is no program ${program}`
        : code === "EACCES"
        ? `${program} cannot be run by the server's user: chmod a+rx ${program}`
        : messageOf(error),
    );
  }
  if (!statSync(program).isFile()) throw new Error(`${program} is no program`);
}
