/**
 * Keeps the operator's code from ending the program.
 * @module
 */
import process from "node:process";

/**
 * Makes `Deno.exit()` and `process.exit()` throw: the module that calls one is named with its line, as for any other
 * error. Code that may end the program has kept the function.
 */
export function forbidExit(): void {
  const refuse = (): never => {
    throw new Error("a module of handlers must not end the server: throw an error instead");
  };
  Deno.exit = refuse;
  process.exit = refuse;
}
