/**
 * Users of this machine that exist for a test. Only root can make them.
 *
 * @module
 */

async function run(command: string, ...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/**
 * A user for as long as `use` takes.
 *
 * @param groups of which he is a member, besides his own
 */
export async function withUser(
  use: (user: string) => Promise<void>,
  groups: readonly string[] = [],
): Promise<void> {
  const user = `pm${crypto.randomUUID().slice(0, 8)}`;
  const member = groups.length === 0 ? [] : ["--groups", groups.join()];
  await run("useradd", "--no-create-home", "--home-dir", "/nonexistent", ...member, user);
  try {
    await use(user);
  } finally {
    await run("userdel", user);
    await Deno.remove(`/var/mail/${user}`).catch(() => {});
  }
}
