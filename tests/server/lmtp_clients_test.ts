/**
 * Mail servers that others wrote, which hand mail over by LMTP: each recipient has a result of its own.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { filesOf } from "../docs/page.ts";
import { Directory, Running, type Settings } from "../running.ts";
import { bySmtp, needExim, sendByExim } from "./exim.ts";
import { needPostfix, Postfix } from "./postfix.ts";

/** What a mailer says of the mail of each user, by its exit code: 75 defers, 77 refuses. */
const MAILER = `#!/bin/sh
case $1 in
  jane@*) exit 75 ;;
  max@*) exit 77 ;;
  *) exec tee -a "$(dirname "$0")/mail" ;;
esac
`;
const RECIPIENTS = ["joe", "jane", "max", "nobody"].map((name) => `${name}@example.net`);

const PAGE = Deno.readTextFileSync(
  fileURLToPath(new URL("../../docs/around.md", import.meta.url)),
);
const { "/etc/postmaster/postmaster.yaml": SETTINGS, "/etc/postfix/main.cf": MAIN } = filesOf(
  PAGE,
  "LMTP from Postfix",
);

/** The server of the page, which has its socket in this directory instead, and listens at a port, too. */
const start = (spool: string): Promise<Running> =>
  Running.start((directory) => {
    Deno.chmodSync(directory.path, 0o755);
    const mailer = directory.write("mailer", MAILER);
    Deno.chmodSync(mailer, 0o755);
    const { listen, ...settings } = parse(
      SETTINGS!.replace("/var/spool/postfix", spool),
    ) as Settings;
    return {
      ...settings,
      listen: [listen, { address: "127.0.0.1:0", kind: "lmtp" }],
      users: ["joe", "jane", "max"],
      mailer: { command: [mailer, "{recipient}"] },
    };
  });

Deno.test({
  name: "Postfix's lmtp(8) keeps only the recipient that was deferred, and asks who exists",
  ...needPostfix(),
  fn: async () => {
    await using postfix = await Postfix.start(MAIN!);
    Deno.mkdirSync(`${postfix.spool}/postmaster`);
    await using server = await start(postfix.spool);
    await postfix.send(RECIPIENTS, "Subject: by LMTP\n\nhello\n");
    await postfix.logs(/to=<joe@example\.net>, .*dsn=2\.0\.0, status=sent \(250 2\.0\.0 ok/);
    await postfix.logs(/to=<jane@example\.net>, .*dsn=4\..*, status=deferred/);
    await postfix.logs(/to=<max@example\.net>, .*dsn=5\..*, status=bounced/);
    await postfix.logs(/to=<nobody@example\.net>, .*dsn=5\.1\.1, status=bounced/);
    await postfix.logs(/sender non-delivery notification/);
    const left = (await postfix.queue()).flatMap(({ recipients }) => recipients);
    assert.deepEqual(left.map(({ address }) => address), ["jane@example.net"]);
    await postfix.send(RECIPIENTS, "", "-bv");
    await postfix.logs(/to=<joe@example\.net>, .*dsn=2\.1\.5, status=deliverable/);
    await postfix.logs(/to=<nobody@example\.net>, .*dsn=5\.1\.1, status=undeliverable/);
    const mail = server.directory.read("mail");
    assert.equal(mail.match(/^Subject: by LMTP$/mg)?.length, 1);
    assert.match(mail, /^Received: from client\.example\.org .*\n(\t.*\n)*?\t.*with LMTP id/m);
  },
});

Deno.test({
  name: "Exim's LMTP keeps only the recipient that was deferred, over a Unix socket and TCP",
  ...needExim(),
  fn: async () => {
    using spool = new Directory();
    Deno.chmodSync(spool.path, 0o755);
    Deno.mkdirSync(spool.of("postmaster"));
    await using server = await start(spool.path);
    const { "/etc/exim4/exim4.conf": routers } = filesOf(PAGE, "LMTP from Exim");
    const port = Number(server.addresses[1]!.split(":").at(-1));
    for (
      const there of [
        routers!.replace("/run/", `${spool.path}/`),
        bySmtp(port, ["protocol = lmtp"]),
      ]
    ) {
      const log = await sendByExim(there, RECIPIENTS, "Subject: by LMTP\n\nhello\n");
      for (const [i, mark] of ["=>", "==", "**", "**"].entries()) {
        const line = log.split("\n").find((line) =>
          line.includes(` ${mark} `) && line.includes(RECIPIENTS[i]!)
        );
        assert.ok(line !== undefined, log);
      }
    }
    assert.equal(server.directory.read("mail").match(/^\t.*with (UTF8)?LMTP id/mg)?.length, 2);
  },
});
