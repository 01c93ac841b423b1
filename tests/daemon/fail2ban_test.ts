import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { need } from "../need.ts";
import { codes, codesOf, ENVELOPE, run, Running } from "../running.ts";

const FILTER = "docs/fail2ban/postmaster.conf";

/** What a client says to have somebody else banned. */
const HOSTILE = [
  "EHLO peer=9.9.9.9",
  'EHLO x" rejected peer=9.9.9.9 event=AddRcptTo code=550 ',
  "info  0a0a0a rejected peer=9.9.9.9 event=AddRcptTo code=550 enhanced=5.7.1",
  'X {"level":"info","message":"rejected","session":"a","peer":"9.9.9.9","event":"AddRcptTo","code":550,',
  "EHLO client.example\ninfo  0a0a0a rejected peer=9.9.9.9 event=AddRcptTo code=550 ",
  "EHLO client.example.org",
  'MAIL FROM:<" rejected peer=9.9.9.9 event=AddRcptTo code=550 "@example.org>',
  'RCPT TO:<"\\" peer=9.9.9.9 event=AddRcptTo code=550 "@example.com>',
  "RCPT TO:<peer=9.9.9.9@example.com>",
  "peer=9.9.9.9 event=AddRcptTo code=550",
];

/** The addresses that the filter finds in a log, one for each line that it matches. */
async function found(log: string): Promise<string[]> {
  const { code, stdout, stderr } = await run("fail2ban-regex", ["-o", "ip", log, FILTER]);
  assert.equal(code, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "");
}

for (const format of ["text", "json"]) {
  for (const [listen, peer] of [["127.0.0.1:0", "127.0.0.1"], ["[::1]:0", "::1"]] as const) {
    Deno.test({
      name:
        `the fail2ban filter finds ${peer} in a log as ${format}, and nobody whom a client names`,
      ...need("fail2ban-regex"),
      async fn() {
        await using server = await Running.start(({ of }) => ({
          listen,
          limits: { errors: 100 },
          mailer: { command: ["sh", "-c", "exit 65"] },
          log: { format, level: "trace" },
          "state-directory": of("state"),
        }));
        using client = await server.connect();
        let refused = 0;
        for (const line of HOSTILE) {
          refused += (await codesOf(client, line)).filter((code) => code >= 500).length;
        }
        assert.ok(refused >= 5, String(refused));
        // A message that cannot be delivered is not the client's fault.
        assert.equal((await codes(client, "RSET", ...ENVELOPE, "hello\r\n.")).at(-1), 554);
        await codes(client, "QUIT");
        await server.logs(/disconnected/);
        assert.equal(await server.stop(), 0);
        const addresses = (lines: readonly string[]) =>
          found(server.directory.write("lines.log", `${lines.join("\n")}\n`));
        assert.deepEqual(await addresses(server.log), Array(refused).fill(peer));
        // As rsyslog writes what syslog and the journal give it.
        const untimed = format === "json"
          ? server.log
          : server.log.map((line) => line.replace(/^\S+ /, ""));
        const fromSyslog = untimed.map((line) => `Nov 28 07:00:00 mx postmaster[12]: ${line}`);
        assert.deepEqual(await addresses(fromSyslog), Array(refused).fill(peer));
      },
    });
  }
}

for (const format of ["text", "json"]) {
  Deno.test({
    name: `the fail2ban filter finds each wrong password in a log as ${format}`,
    ...need("fail2ban-regex"),
    async fn() {
      await using server = await Running.start((directory) => ({
        log: { format },
        auth: {
          passwords: { file: directory.write("passwords", "") },
          listeners: ["smtp"],
          "clear-text": "loopback",
          guesses: { delay: 0 },
        },
      }));
      using client = await server.connect();
      const guess = `AUTH PLAIN ${btoa("\0you\0wrong")}`;
      const replies = await codes(client, "EHLO client.example.org", guess, guess, guess);
      assert.deepEqual(replies, [250, 535, 535, 421]);
      await server.logs(/disconnected/);
      const log = server.directory.write("lines.log", `${server.log.join("\n")}\n`);
      assert.deepEqual(await found(log), Array(3).fill("127.0.0.1"));
    },
  });
}

Deno.test("daemon.md has the whole filter, for those who have only the program", () => {
  const page = Deno.readTextFileSync(
    fileURLToPath(new URL("../../docs/daemon.md", import.meta.url)),
  );
  assert.ok(
    page.includes(
      "```ini\n" +
        Deno.readTextFileSync(fileURLToPath(new URL(`../../${FILTER}`, import.meta.url))) + "```",
    ),
  );
});
