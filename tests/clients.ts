/**
 * Mail clients that others wrote.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Runs a program that must succeed, and gives what it says. */
export async function runClient(
  command: string,
  args: readonly string[],
  input = "",
): Promise<string> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close().catch(() => {});
  const { success, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
  return said;
}
