/**
 * `postmaster licences`: the terms of what the program is made of.
 *
 * @module
 */

/** Prints `LICENSE`; in a compiled program that file has the licences of all that was compiled into it. */
export function licences(): void {
  console.log(Deno.readTextFileSync(new URL("../../LICENSE", import.meta.url)).trimEnd());
}
