/**
 * Starts this program again, in another process.
 * @module
 */
import { messageOf } from "../base/message_of.ts";

/**
 * Starts it.
 *
 * @param flags what it may do if it runs from its sources
 * @throws {Error} that says how to mend it
 */
export function startOwn(
  command: string,
  flags: readonly string[],
  options: Omit<Deno.CommandOptions, "args">,
): Deno.ChildProcess {
  const executable = Deno.execPath();
  const program = Deno.build.standalone ? [] : ["run", ...flags, Deno.mainModule];
  try {
    return new Deno.Command(executable, { ...options, args: [...program, command] }).spawn();
  } catch (error) {
    throw new Error(`${messageOf(error)}: ${adviceFor(executable)}`);
  }
}

/** Linux says so of the path of an executable that has been replaced, as by an upgrade. */
const REPLACED = " (deleted)";

const adviceFor = (executable: string): string =>
  executable.endsWith(REPLACED)
    ? "restart the server, whose executable is another one now"
    : `let the server's user run ${executable}`;
