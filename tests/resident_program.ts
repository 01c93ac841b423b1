/**
 * The program in a process that runs one command after the other, for tests/resident.ts. Each line of its standard
 * input is a {@linkcode Request}.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { main } from "../src/cli/program.ts";
import { printAll } from "../src/cli/printer.ts";

/** A command that is to be run. */
export interface Request {
  readonly args: readonly string[];
  /** The path of its standard input. */
  readonly input: string;
  /** Both outputs end with it; on standard error, the exit code follows. */
  readonly end: string;
}

const { exit, permissions } = Deno;
const user = Deno.uid();
const umask = Deno.umask();

// What a command gives up for good, the next one may need. That it is given up, tests/daemon/ sees.
permissions.revokeSync = (permission) => permissions.querySync(permission);

for await (const line of createInterface(process.stdin)) {
  const { args, input, end }: Request = JSON.parse(line);
  using stdin = Deno.openSync(input);
  Object.defineProperty(Deno, "stdin", { value: stdin, configurable: true });
  const code = await main(args);
  if (Deno.uid() !== user) exit(code); // there is no way back
  Deno.umask(umask);
  printAll(end);
  console.error(`${end}${code}`);
}
