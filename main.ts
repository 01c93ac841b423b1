/**
 * The program: hands its arguments to the command line and exits with what that says.
 *
 * @module
 */
import { main } from "./src/cli/program.ts";

Deno.exit(await main(Deno.args));
