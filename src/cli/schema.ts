/**
 * `postmaster schema`: what editors must know about the configuration.
 *
 * @module
 */
import { printJsonSchema } from "../config/mod.ts";
import { Printer } from "./printer.ts";

/** Prints the JSON Schema of the configuration. */
export function schema(): void {
  const printer = new Printer();
  printer.print(printJsonSchema().trimEnd());
  printer.flush();
}
