/**
 * The program: hands its arguments to the command line and exits with what that says.
 * @module
 */
import { main } from "./src/cli/program.ts";

const { exit } = Deno; // handlers are not let end the program
exit(await main(Deno.args));
