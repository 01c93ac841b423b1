/**
 * The program in a process that runs one command after the other, for tests/resident_process.ts. Each line of its standard
 * input is a {@linkcode Request}.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { main } from "../src/cli/program.ts";
import { printAll } from "../src/cli/printer.ts";
import { redefining } from "../src/targets/defined.ts";

/** A command that is to be run. */
export interface Request {
  readonly args: readonly string[];
  /** The path of its standard input; without it, it has none. */
  readonly input?: string;
  /** What its environment has besides that of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** Both outputs end with it; on standard error, the exit code follows. */
  readonly end: string;
}

// Signals that come when a server has just ended are not for the next one.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => {});
}

const { exit, permissions } = Deno;
const user = Deno.uid();
const umask = Deno.umask();

// By it, a server starts the program again for its launcher, its shadow and its trials.
const mainModule = new URL("../main.ts", import.meta.url).href;
Object.defineProperty(Deno, "mainModule", { value: mainModule });

// What a command gives up for good, the next one may need. That it is given up, tests/daemon/ sees.
permissions.revokeSync = (permission) => permissions.querySync(permission);

for await (const line of createInterface(process.stdin)) {
  const { args, input = "/dev/null", env, end }: Request = JSON.parse(line);
  using stdin = Deno.openSync(input);
  Object.defineProperty(Deno, "stdin", { value: stdin, configurable: true });
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  const code = await redefining(() => main(args));
  for (const name of Object.keys(env)) Deno.env.delete(name);
  if (Deno.uid() !== user) exit(code); // there is no way back
  Deno.umask(umask);
  printAll(end);
  console.error(`${end}${code}`);
}
