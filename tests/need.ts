/**
 * Programs that a test drives. Where one is missing the test is skipped and says why; under `CI=true` it
 * runs, and so fails.
 *
 * @module
 */

/** Spread into a test's definition: `Deno.test({ name, ...need("procmail"), fn })`. */
export function need(...programs: readonly string[]): { ignore: boolean } {
  const missing = programs.filter((program) => !onPath(program));
  if (missing.length === 0 || Deno.env.get("CI") === "true") return { ignore: false };
  console.warn(`skipped: a test needs ${missing.join(", ")} (apt-get install it)`);
  return { ignore: true };
}

/** Spread into the definition of a test that needs a file which no package puts there. */
export function needFile(path: string, how: string): { ignore: boolean } {
  if (isFile(path) || Deno.env.get("CI") === "true") return { ignore: false };
  console.warn(`skipped: a test needs ${path} (${how})`);
  return { ignore: true };
}

/** Spread into the definition of a test that only root can run. */
export function needRoot(): { ignore: boolean } {
  if (Deno.uid() === 0 || Deno.env.get("CI") === "true") return { ignore: false };
  console.warn("skipped: a test must be run by root");
  return { ignore: true };
}

/** Spread into the definition of a test in a network of its own, which a container may forbid even to root. */
export function needOwnNetwork(): { ignore: boolean } {
  if (need("unshare", "ip").ignore || needRoot().ignore) return { ignore: true };
  const { success } = new Deno.Command("unshare", { args: ["--net", "true"] }).outputSync();
  if (!success) console.warn("skipped: a test may not have a network of its own (unshare --net)");
  return { ignore: !success };
}

/** Spread into the definition of a test that mounts a disk for itself alone, which a container may forbid even to root. */
export function needOwnMounts(): { ignore: boolean } {
  if (need("unshare", "mount").ignore || needRoot().ignore) return { ignore: true };
  const args = ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"];
  const { success } = new Deno.Command("unshare", { args }).outputSync();
  if (!success) console.warn("skipped: a test may not mount a disk of its own (unshare --mount)");
  return { ignore: !success };
}

/**
 * Spread into the definition of a test of what a compiled program can only do with this version of the runtime,
 * such as `2.9`, or a later one. The program is that of POSTMASTER, compiled by the Deno of DENO.
 */
export function needRuntime(version: string): { ignore: boolean } {
  if (Deno.env.get("POSTMASTER") === undefined) return { ignore: false };
  const command = new Deno.Command(Deno.env.get("DENO") ?? Deno.execPath(), {
    args: ["--version"],
  });
  const [, have = ""] = /^deno (\S+)/.exec(new TextDecoder().decode(command.outputSync().stdout)) ??
    [];
  if (have.localeCompare(version, "en", { numeric: true }) >= 0) return { ignore: false };
  console.warn(
    `skipped: a test needs a program with version ${version} of the runtime, not ${have}`,
  );
  return { ignore: true };
}

function onPath(program: string): boolean {
  return ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].some(
    (dir) => isFile(`${dir}/${program}`),
  );
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
