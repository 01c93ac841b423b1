/**
 * Postfix with the server as its content filter, as the documentation configures both.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { filesOf } from "../docs/page.ts";
import { freePort } from "../ports.ts";
import { run, Running, type Settings } from "../running.ts";
import { needPostfix, Postfix } from "./postfix.ts";

const PAGE = Deno.readTextFileSync(
  fileURLToPath(new URL("../../docs/around.md", import.meta.url)),
);
const MASTER = "/etc/postfix/master.cf";
const { "/etc/postmaster/postmaster.yaml": SETTINGS, [MASTER]: BEFORE } = filesOf(
  PAGE,
  "Before Postfix's queue",
);
const { [MASTER]: AFTER } = filesOf(PAGE, "After Postfix's queue");

/** Users who exist, and a client that may say where it comes from. */
const MAIN = `virtual_mailbox_domains = example.net
virtual_mailbox_maps = inline:{you@example.net=you, me@example.net=me}
virtual_transport = discard:
smtpd_authorized_xclient_hosts = 127.0.0.1
`;

Deno.test({
  name: "Postfix delivers what the server accepts as a content filter, before and after the queue",
  ...needPostfix("swaks"),
  fn: async () => {
    const [before, after, inside] = [freePort(), freePort(), freePort()];
    const services = BEFORE!.replace(/^smtp /, `127.0.0.1:${before} `) +
      AFTER!.replace(/^smtp /, `127.0.0.1:${after} `);
    await using postfix = await Postfix.start(MAIN, services.replaceAll("10026", `${inside}`));
    await using server = await Running.start(() =>
      parse(
        SETTINGS!.replace("10026", `${inside}`)
          .replace("/usr/sbin/sendmail,", `/usr/sbin/sendmail, -C, ${postfix.etc},`),
      ) as Settings
    );
    const send = async (port: number, address: string, ...args: string[]): Promise<string> => {
      const { stdout, stderr } = await run("swaks", [
        ...["--server", `127.0.0.1:${port}`, "--helo", "client.example.org"],
        ...["--xclient-addr", address, "--xclient-name", "client.example.org"],
        ...["--from", "ann@example.org", ...args],
      ]);
      return stdout + stderr;
    };
    const ours = /^<- {2}250 2\.0\.0 ok: delivered as /m;
    assert.match(await send(before, "192.0.2.7", "--to", "you@example.net"), ours);
    await postfix.logs(/to=<you@example\.net>, relay=none, .*status=sent/);
    await send(after, "192.0.2.8", "--to", "me@example.net");
    await postfix.logs(
      /to=<me@example\.net>, relay=127\.0\.0\.1.*status=sent \(250 2\.0\.0 ok: del/,
    );
    await postfix.logs(/to=<me@example\.net>, relay=none, .*status=sent/);
    for (const address of ["192.0.2.7", "192.0.2.8"]) {
      const line = await server.logs(new RegExp(` received .*forwardedAddress=${address}`));
      assert.match(line, / peer=127\.0\.0\.1 code=250 /);
    }

    const virus = ["--attach-name", "virus.exe", "--attach", "@/dev/null"];
    const refused = /^<\*\* 550 5\.7\.1 /m;
    assert.match(await send(before, "192.0.2.7", "--to", "you@example.net", ...virus), refused);
    await send(after, "192.0.2.7", "--to", "you@example.net", ...virus);
    await postfix.logs(/to=<you@example\.net>, .*dsn=5\.7\.1, status=bounced/);
    assert.match(
      await send(before, "192.0.2.7", "--to", "who@example.net"),
      /^<\*\* 550 5\.1\.1 /m,
    );
  },
});
