import assert from "node:assert/strict";
import { need } from "../need.ts";
import { codes, Running, sendMail, until } from "../running.ts";
import { Disturbance, failing, type Failure } from "./failing.ts";

const SYNCS = ["fdatasync", "fsync"];
const WRITES = ["pwrite64"];

/** A failure while a message comes, and the replies that are right. */
const CASES: readonly (Failure & { size: "small" | "large"; replies: readonly number[] })[] = [
  { calls: SYNCS, error: "EIO", when: "1", size: "large", replies: [250, 451] },
  { calls: SYNCS, error: "EIO", when: "1+", size: "small", replies: [451] },
  { calls: SYNCS, error: "EIO", when: "2", size: "small", replies: [250, 451] },
  { calls: WRITES, error: "EIO", when: "1+", size: "large", replies: [451] },
  { calls: WRITES, error: "ENOSPC", when: "1+", size: "small", replies: [452] },
  { calls: WRITES, error: "ENOSPC", when: "1+", size: "large", replies: [452] },
  { calls: WRITES, error: "ENOSPC", when: "3", size: "small", replies: [250, 452] },
  { calls: ["openat", "unlink"], error: "EIO", when: "1..4", size: "large", replies: [250, 451] },
];

Deno.test({
  name: "where the disk fails, 250 is said only of what is kept, and the server goes on afterwards",
  ...need("strace"),
  fn: async (t) => {
    await using server = await Disturbance.start();
    for (const { size, replies, ...failure } of CASES) {
      const { calls, error, when } = failure;
      await t.step(`${error} of ${calls} number ${when}, a ${size} message`, async () => {
        const { code, failures } = await server.disturb(failure, size === "large");
        assert.ok(failures > 0 || !["1", "1+"].includes(when), "no call has failed");
        assert.ok(replies.includes(code), `the reply is ${code}`);
      });
    }
    await t.step("what was refused does not come after a kill", async () => {
      assert.equal(await server.killed(), 0);
    });
  },
});

Deno.test({
  name: "a bounce that cannot be kept at first is kept and delivered when the disk works again",
  ...need("strace"),
  fn: async () => {
    await using server = await Running.start((directory) => ({
      users: ["you", "bad"],
      queue: {},
      mailer: {
        command: [
          ...[
            "sh",
            "-c",
            `cd $0; case $1 in bad) until [ -e go ]; do sleep 0.01; done; exit 67; esac; cat >> got`,
          ],
          ...[directory.path, "{user}"],
        ],
      },
    }));
    const client = await server.connect();
    await codes(client, "EHLO client.example.org", "MAIL FROM:<you@example.net>");
    await codes(client, "RCPT TO:<bad@example.net>", "DATA", "Subject: hello\r\n\r\nhello\r\n.");
    const failure = { calls: SYNCS, error: "EIO", when: "1+" } as const;
    await failing(server.pid, failure, async () => {
      server.directory.write("go", "");
      await server.logs(/queue failed .*disk I\/O error/);
    });
    await until("the bounce is delivered", () => server.directory.read("got") !== "");
    assert.equal(await sendMail(client), 250);
  },
});
