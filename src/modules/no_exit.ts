/**
 * The program ends when it has done its work, and not when the operator's code says so.
 *
 * @module
 */
import process from "node:process";

/**
 * From here on `Deno.exit()` and `process.exit()` throw: a module that calls one is named, with its line, as for any
 * other error. Who may still end the program has kept the function.
 */
export function forbidExit(): void {
  const refuse = (): never => {
    throw new Error("a module of handlers must not end the server: throw an error instead");
  };
  Deno.exit = refuse;
  process.exit = refuse;
}
