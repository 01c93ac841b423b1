/**
 * The version of the program.
 * @module
 */
import deno from "../../deno.json" with { type: "json" };

/** As in `deno.json`. */
export const VERSION: string = deno.version;
