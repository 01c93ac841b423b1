/**
 * Mail stores that are reached by LMTP: a real Dovecot, this server, and one that is not there.
 *
 * @module
 */
import assert from "node:assert/strict";
import { lmtp } from "postmaster";
import { Dovecot } from "../client/dovecot.ts";
import { need, needFile, needRoot } from "../need.ts";
import { Running } from "../running.ts";

/** Sends a message to users of example.net; gives the codes of the replies to RCPT and to the final dot. */
async function send(server: Running, ...users: readonly string[]): Promise<readonly number[]> {
  using client = await server.connect();
  await client.command("EHLO client.example.org");
  await client.command("MAIL FROM:<sue@example.org>");
  const codes: number[] = [];
  for (const user of users) {
    codes.push((await client.command(`RCPT TO:<${user}@example.net>`)).code);
  }
  await client.command("DATA");
  const body = `Subject: hello\r\n\r\n..\r\n${"x".repeat(400)}\r\n.`;
  return [...codes, (await client.command(body)).code];
}

/** What the log says of the mail of a recipient. */
async function fateOf(server: Running, user: string): Promise<string> {
  await server.logs(new RegExp(`(delivered|deferred|failed).*recipient=<${user}@example\\.net>`));
  return server.log.findLast((line) =>
    /delivered|deferred|failed/.test(line) && line.includes(`recipient=<${user}@example.net>`)
  )!;
}

Deno.test({
  name: "Dovecot says of each recipient what became of the mail",
  ignore: need("dovecot", "setsid").ignore || needRoot().ignore ||
    needFile("/usr/lib/dovecot/lmtp", "apt-get install dovecot-lmtpd").ignore,
  fn: async () => {
    await using dovecot = await Dovecot.start((directory) => {
      const user = (name: string, more = "") =>
        `${name}:{plain}x:65534:65534::${directory.of(`mail/${name}`)}::${more}\n`;
      directory.write(
        "dovecot-users",
        user("ann") + user("joe") + user("kim", "userdb_quota_rule=*:bytes=100"),
      );
      Deno.mkdirSync(directory.of("mail"), { mode: 0o777 });
      Deno.chmodSync(directory.of("mail"), 0o777);
      return `protocols = lmtp
mail_location = maildir:~/Maildir
mail_plugins = quota
auth_username_format = %n
passdb {
  driver = passwd-file
  args = ${directory.of("dovecot-users")}
}
userdb {
  driver = passwd-file
  args = ${directory.of("dovecot-users")}
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=10M
  quota_grace = 0
}
`;
    }, (directory) => directory.of("base/lmtp"));
    const { directory } = dovecot;
    await using server = await Running.start(() => ({
      users: ["ann", "joe", "kim", "bob"],
      mailer: { lmtp: `unix:${directory.of("base/lmtp")}` },
      ...{ deliver: "queued", queue: {} },
    }));
    assert.deepEqual(await send(server, "ann", "kim", "joe", "bob"), [
      250,
      250,
      250,
      250,
      250,
    ]);
    assert.match(await fateOf(server, "ann"), /delivered .*plan="ann@example\.net by lmtp:unix:/);
    assert.match(await fateOf(server, "joe"), /delivered .*250 2\.0\.0/);
    assert.match(
      await fateOf(server, "kim"),
      /failed .*enhanced=5\.2\.2 .*Quota exceeded.*kind=quota/,
    );
    assert.match(await fateOf(server, "bob"), /failed .*enhanced=5\.1\.1 .*550 5\.1\.1/);
    const [mail] = [...Deno.readDirSync(directory.of("mail/ann/Maildir/new"))];
    const text = Deno.readTextFileSync(directory.of(`mail/ann/Maildir/new/${mail!.name}`));
    assert.match(text, /^Return-Path: <sue@example\.org>\n/);
    assert.ok(text.includes(`\n\n.\n${"x".repeat(400)}\n`), text);
  },
});

Deno.test("this server takes mail by LMTP from another one, over TCP, and says what became of each", async () => {
  await using store = await Running.start(() => ({
    listen: { address: "127.0.0.1:0", kind: "lmtp" },
    users: ["ann", "joe"],
  }));
  await using server = await Running.start(() => ({
    users: ["ann", "joe", "kim"],
    mailer: { lmtp: `lmtp://localhost:${store.port}` },
  }));
  assert.deepEqual(await send(server, "ann", "joe"), [250, 250, 250]);
  assert.deepEqual(await send(server, "kim"), [250, 554]);
  assert.match(await fateOf(server, "kim"), /failed .*localhost said: 550 5\.1\.1/);
  assert.equal(store.directory.read("mail").match(/^Subject: hello$/gm)?.length, 2);
  assert.match(store.log.join("\n"), /recipient=<joe@example\.net>/);
  assert.ok(!store.log.join("\n").includes("x".repeat(400)));
});

Deno.test("mail waits for a mail store that is not there, of which the start warns", async () => {
  await using server = await Running.start((directory) => ({
    mailer: { lmtp: `unix:${directory.of("lmtp")}` },
  }));
  assert.match(server.log.join("\n"), /doubtful setting .*mailer\.lmtp.*there is no socket/);
  assert.deepEqual(await send(server, "you"), [250, 451]);
  assert.match(await fateOf(server, "you"), /deferred .*no connection to the socket/);
});

Deno.test("a server that is none, or does not speak LMTP, is refused where it is written", () => {
  assert.throws(() => lmtp({ to: "lmtp" }), /`lmtp` is no server/);
  assert.throws(() => lmtp({ to: "unix:lmtp" }), /needs the full path/);
  assert.throws(() => lmtp({ to: "smtp://mx.example.net" }), /does not speak LMTP/);
  assert.throws(() => lmtp({ to: "unix:/lmtp", tls: "dane" as never }), /tls/);
  assert.deepEqual(lmtp({ to: "unix:/run/lmtp" }).args, { to: "unix:/run/lmtp" });
});
