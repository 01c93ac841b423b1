/**
 * Asks before much is changed that cannot be changed back.
 * @module
 */

/** More recipients than this are many. */
const MANY = 10;

/**
 * Asks at the terminal whether to go on.
 *
 * @param what what would happen, with the number of recipients
 * @throws {Error} if the answer is no, or nobody can be asked
 */
export function confirm(recipients: number, what: string): void {
  if (recipients <= MANY) return;
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) {
    throw new Error(
      `${what}: nobody can be asked here whether that is meant: repeat it with --yes`,
    );
  }
  Deno.stderr.writeSync(new TextEncoder().encode(`${what}. Go on? [y/N] `));
  const answer = new Uint8Array(256);
  const length = Deno.stdin.readSync(answer) ?? 0;
  if (/^y(es)?\s*$/i.test(new TextDecoder().decode(answer.subarray(0, length)))) return;
  throw new Error("nothing was changed");
}
