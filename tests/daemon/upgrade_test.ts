/**
 * The change that upgrading.md tells of: from a version before to this one, and back, with mail in the queue.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { VERSION } from "../../src/base/version.ts";
import { need } from "../need.ts";
import { Directory, postmaster, ROOT, RUN, Running, sendMail, until } from "../running.ts";

/** A version before this one: the same but for its number and a default. Gives how it is started. */
function versionBefore(directory: Directory): readonly string[] {
  const path = directory.of("before");
  for (const name of ["deno.json", "deno.lock", "handlers", "LICENSE", "main.ts", "src"]) {
    cpSync(`${ROOT}/${name}`, `${path}/${name}`, { recursive: true });
  }
  change(directory, "before/deno.json", `"version": "${VERSION}"`, '"version": "0.0.9"');
  change(directory, "before/src/server/limits.ts", "recipients: 1000,", "recipients: 900,");
  const flags = RUN.slice(0, -1);
  return [Deno.execPath(), ...flags, `--config=${path}/deno.json`, `${path}/main.ts`];
}

function change(directory: Directory, name: string, old: string, other: string): void {
  const text = directory.read(name);
  assert.equal(text.split(old).length, 2, `${name} has ${old} once`);
  directory.write(name, text.replace(old, other));
}

Deno.test({
  name:
    "an upgrade says before what it changes, and mail that waits is delivered after it, or by going back",
  ...need("sh"),
  async fn() {
    using directory = new Directory();
    const before = versionBefore(directory);
    const start = (program?: readonly string[]) =>
      Running.start(() => ({
        mailer: {
          command: ["sh", "-c", 'cd "$0" && [ -e open ] && cat >> mail || exit 75', directory.path],
        },
        deliver: "queued",
        queue: { retry: ["1 s"] },
      }), program === undefined ? { directory } : { directory, program });
    const leave = async (server: Running, text: string) => {
      using client = await server.connect();
      assert.equal(await sendMail(client, "you@example.net", `Subject: ${text}\r\n\r\n`), 250);
    };
    const arrived = (text: string) =>
      until(`${text} is delivered`, () => directory.read("mail").includes(`Subject: ${text}`));
    {
      await using old = await start(before);
      await leave(old, "first");
      const config = directory.of("postmaster.yaml");
      const { code, stdout, stderr } = await postmaster("check", "--against", "--config", config);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /^against: the server at \S+, version 0\.0\.9$/m);
      assert.match(
        stdout,
        new RegExp(`^ +this is version ${VERSION.replaceAll(".", "\\.")}: `, "m"),
      );
      assert.match(stdout, /^ +configuration: the same$/m);
      assert.match(stdout, /^ +default of limits\.recipients: 900 becomes 1000$/m);
      assert.match(stdout, /^ +queue: as version 0\.0\.9 has it$/m);
      assert.equal(await old.stop(), 0);
    }
    {
      await using now = await start();
      directory.write("open", "");
      await arrived("first");
      Deno.removeSync(directory.of("open"));
      await leave(now, "second");
      assert.equal(await now.stop(), 0);
    }
    await using back = await start(before);
    directory.write("open", "");
    await arrived("second");
    await leave(back, "third");
    await arrived("third");
    assert.deepEqual(directory.read("mail").match(/^Subject: .*/gm), [
      "Subject: first",
      "Subject: second",
      "Subject: third",
    ]);
  },
});
