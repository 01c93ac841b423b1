/**
 * The process of a server: its own, or one in which servers run one after the other.
 *
 * @module
 */
import { tried } from "../src/base/tried.ts";
import { within } from "../src/base/within.ts";
import { ROOT } from "./program.ts";
import { Resident } from "./resident_process.ts";

/** A process in which a server runs. */
export interface ServerProcess {
  readonly pid: number;
  /** Whether it runs nothing else. */
  readonly isOwn: boolean;
  /** What the server says on its standard error. */
  readonly stderr: ReadableStream<string>;
  /** The exit code of the server, once it has ended. */
  readonly ended: Promise<number>;
  kill(signal: Deno.Signal): void;
  /** Ends the server, whatever it does. */
  end(): Promise<void>;
}

/** Milliseconds for a server to end that is told to end at once. */
const PATIENCE = 2000;

/**
 * A process of the server's own.
 *
 * @param before shell commands that are run in it before it becomes the server
 */
export function ownProcess(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  before: string,
): ServerProcess {
  const child = new Deno.Command("sh", {
    args: ["-c", `${before}\nexec "$@"`, "sh", ...command],
    cwd: ROOT,
    env: { ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const ended = child.status.then(({ code }) => code);
  return {
    pid: child.pid,
    isOwn: true,
    stderr: child.stderr.pipeThrough(new TextDecoderStream()),
    ended,
    kill: (signal) => child.kill(signal),
    end: async () => {
      tried(() => child.kill("SIGKILL")); // it may have ended
      await ended;
    },
  };
}

/** A process in which other servers have run and will run. */
export function sharedProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ServerProcess {
  const resident = Resident.take();
  const { readable, writable } = new TransformStream<string, string>();
  const said = writable.getWriter();
  let isOver = false;
  const ended = resident.run({ args, env }, (lines) => void said.write(lines).catch(() => {}))
    .then(({ code }) => {
      isOver = true;
      said.close().catch(() => {});
      return code;
    });
  const kill = (signal: Deno.Signal) => {
    if (isOver) throw new TypeError("the server has ended");
    resident.kill(signal);
  };
  return {
    ...{ pid: resident.pid, isOwn: false, stderr: readable, ended, kill },
    end: async () => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) tried(() => kill(signal)); // the second: at once
      if (!await within(ended, PATIENCE)) tried(() => kill("SIGKILL"));
      await ended;
    },
  };
}
