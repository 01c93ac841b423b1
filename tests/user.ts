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
export const withUser = (
  use: (user: string) => Promise<void>,
  groups: readonly string[] = [],
): Promise<void> => withUsers([""], (user) => use(user), groups);

/**
 * Users for as long as `use` takes: one name, and this name with each of the endings.
 *
 * @param groups of which they are members, besides their own
 */
export async function withUsers(
  endings: readonly string[],
  use: (name: string) => Promise<void>,
  groups: readonly string[] = [],
): Promise<void> {
  const name = `pm${crypto.randomUUID().slice(0, 8)}`;
  const member = groups.length === 0 ? [] : ["--groups", groups.join()];
  const homes = await Deno.makeTempDir();
  await Deno.chmod(homes, 0o755);
  const made: string[] = [];
  try {
    for (const user of endings.map((ending) => name + ending)) {
      await run("useradd", "--create-home", "--home-dir", `${homes}/${user}`, ...member, user);
      made.push(user);
    }
    await use(name);
  } finally {
    for (const user of made) {
      await run("userdel", user);
      await Deno.remove(`/var/mail/${user}`).catch(() => {});
    }
    await Deno.remove(homes, { recursive: true });
  }
}
