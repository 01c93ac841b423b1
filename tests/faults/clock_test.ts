/**
 * A clock that jumps while a server runs, and while it is off.
 * @module
 */
import assert from "node:assert/strict";
import { need } from "../need.ts";
import { Directory, Running, until } from "../running.ts";

/** What the shell needs so that the clock on the wall, and no other, is what a file says. */
const fake = (file: string): string =>
  "export LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1) " +
  `FAKETIME_TIMESTAMP_FILE=${file} FAKETIME_NO_CACHE=1 ` +
  "FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1";

Deno.test({
  name:
    "a clock that jumps ten days, forward and back, bounces nothing young and lets nothing wait",
  ...need("faketime"),
  fn: async () => {
    using directory = new Directory();
    const start = () =>
      Running.start(({ path }) => ({
        users: ["you", "ann"],
        mailer: {
          command: [
            "sh",
            "-c",
            `cd "$0"; case $1 in ann) cat >> reports; exit ;; esac
             echo attempt >> attempts; [ -e go ] && cat > mail || exit 75`,
            ...[path, "{user}"],
          ],
        },
        queue: { retry: ["1 s"] },
      }), {
        directory,
        before: fake(directory.of("clock")),
      });
    const attempts = () => directory.read("attempts").split("\n").length - 1;
    const more = async () => {
      const before = attempts();
      await until("it is tried twice more", () => attempts() >= before + 2);
    };
    directory.write("clock", "+0");
    {
      await using server = await start();
      const client = await server.connect();
      client.send("EHLO client.example.org\r\nMAIL FROM:<ann@example.net>\r\n");
      client.send("RCPT TO:<you@example.net>\r\nDATA\r\n");
      for (const _ of [1, 2, 3, 4]) await client.reply();
      assert.equal((await client.command("Subject: hello\r\n\r\nhello\r\n.")).code, 250);
      await more();
      directory.write("clock", "+10d");
      await until("the log has the new time", () => isAhead(server.log.at(-1)));
      await more();
      server.kill("SIGKILL");
    }
    directory.write("clock", "+0");
    await using _server = await start();
    await more();
    directory.write("go", "");
    await until("it is delivered", () => directory.read("mail").includes("hello"));
    assert.doesNotMatch(directory.read("reports"), /^Action: failed/m);
  },
});

/** Whether a line of the log is of a day that has not come yet. */
const isAhead = (line = ""): boolean => Date.parse(line.split(" ")[0]!) > Date.now() + 86_400_000;
