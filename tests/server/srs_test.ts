/**
 * Mail that is forwarded to another domain with a rewritten sender, and what comes back to it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { codes, type Directory, postmaster, Running, until } from "../running.ts";

const SECRET = "a secret that nobody guesses";

const settings = (directory: Directory) => ({
  users: ["joe"],
  aliases: { away: "joe@example.org", both: ["joe", "joe@example.org"], postmaster: "joe" },
  relay: {
    // The sender and the recipients, and then the message.
    command: [
      "sh",
      "-c",
      `{{ echo ENVELOPE "$@"; cat; }} >>${directory.of("sent")}`,
      "sh",
      "{sender}",
      "{recipient}",
    ],
    srs: { domain: "example.net", "secret-file": directory.write("secret", `${SECRET}\n`) },
  },
});

const mail = (from: string, to: string) => [
  "EHLO client.example",
  ...[`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "DATA"],
  "Subject: hello\r\n\r\nhello\r\n.",
];

Deno.test("mail that an alias sends elsewhere has a rewritten sender, and bounces find back", async () => {
  await using server = await Running.start(settings);
  using client = await server.connect();
  const sent: string[][] = [];
  const send = async (from: string, to: string): Promise<string[]> => {
    assert.deepEqual(await codes(client, ...mail(from, to)), [250, 250, 250, 354, 250], to);
    const envelope = await until("the mail is sent on", () => {
      const all = server.directory.read("sent").matchAll(/^ENVELOPE (.*)$/gm);
      return [...all].map(([, line = ""]) => line.split(" "))[sent.length];
    });
    sent.push(envelope);
    return envelope;
  };
  const [sender, recipient] = await send("alice@example.com", "away@example.net");
  assert.match(sender!, /^SRS0=.{8}=[A-Z2-7]{2}=example\.com=alice@example\.net$/);
  assert.equal(recipient, "joe@example.org");
  await until(
    "the whole message is there",
    () => /\nDelivered-To: away@example\.net\nReceived: /.test(server.directory.read("sent")),
  );
  assert.deepEqual(await send("", sender!), ["<>", "alice@example.com"]);
  assert.deepEqual(await send("joe@example.net", "away@example.net"), [
    "joe@example.net",
    "joe@example.org",
  ]);

  const refused = async (to: string) =>
    (await codes(client, "MAIL FROM:<>", `RCPT TO:<${to}>`, "RSET"))[1];
  assert.equal(await refused(sender!.replace("alice", "mallory")), 550);
  assert.equal(await refused("alice@example.com"), 550);

  const config = server.directory.of("postmaster.yaml");
  const forged = sender!.replace("alice", "mallory");
  const asked = [sender!, "bob@example.com", "joe@example.net", forged];
  const { code, stdout } = await postmaster("srs", ...asked, "-c", config);
  assert.equal(code, 1);
  const [back, made, own, bad] = stdout.split("\n");
  assert.match(back!, /^SRS0=.* -> alice@example\.com \(made \d{4}-\d\d-\d\d, good until .*\)$/);
  assert.match(made!, /^bob@example\.com -> SRS0=.*=example\.com=bob@example\.net$/);
  assert.equal(own, "joe@example.net: is not rewritten");
  assert.equal(bad, `${forged}: forged: no secret has signed it`);
  assert.ok(!server.log.join("\n").includes(SECRET));
});
