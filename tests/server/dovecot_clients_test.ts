/**
 * Dovecot before the server: its submission server and its proxy for LMTP, which both use XCLIENT and BDAT.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { runClient } from "../clients.ts";
import { filesOf } from "../docs/page.ts";
import { need, needFile, needRoot } from "../need.ts";
import { freePort } from "../ports.ts";
import { Directory, run, Running, type Settings, until } from "../running.ts";

const { "/etc/postmaster/postmaster.yaml": SETTINGS, "/etc/dovecot/local.conf": CONFIGURATION } =
  filesOf(
    Deno.readTextFileSync(fileURLToPath(new URL("../../docs/around.md", import.meta.url))),
    "Behind Dovecot",
  );

/** What a mailer says of the mail of each user, by its exit code: 75 defers, 77 refuses. */
const MAILER = `#!/bin/sh
case $1 in
  jane@*) exit 75 ;;
  max@*) exit 77 ;;
esac
`;

/** The server of the page, on ports of its own. */
const startServer = (): Promise<Running> =>
  Running.start((directory) => {
    const mailer = directory.write("mailer", MAILER);
    Deno.chmodSync(mailer, 0o755);
    return {
      ...parse(SETTINGS!.replaceAll(/:10\d{3}/g, ":0")) as Settings,
      users: ["joe", "jane", "max"],
      mailer: { command: [mailer, "{recipient}"] },
      relay: { command: ["tee", "-a", directory.of("relayed")] },
      log: { level: "trace" },
    };
  });

/** A Dovecot for whom every password is right, in this directory, until it is disposed of. */
async function startDovecot(directory: Directory, local: string, ports: readonly number[]) {
  const [submission, lmtp] = ports;
  Deno.chmodSync(directory.path, 0o755);
  const file = directory.write(
    "dovecot.conf",
    `base_dir = ${directory.of("base")}
state_dir = ${directory.of("state")}
log_path = ${directory.of("log")}
ssl = no
hostname = dovecot.example.net
mail_location = maildir:${directory.of("mail")}
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=${directory.of("home")}
}
service submission-login {
  inet_listener submission {
    address = 127.0.0.1
    port = ${submission}
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtp}
  }
}
${local}`,
  );
  const child = new Deno.Command("setsid", {
    args: ["dovecot", "-F", "-c", file],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const said = () => `Dovecot starts; it says ${directory.read("log")}`;
  await until(said, () => directory.read("log").includes("starting up"));
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

Deno.test({
  name: "Dovecot passes mail on by XCLIENT and BDAT, with SMTP for its users and with LMTP",
  ignore: need("dovecot", "setsid", "swaks").ignore || needRoot().ignore ||
    ["lmtp", "submission"].some((name) =>
      needFile(`/usr/lib/dovecot/${name}`, `apt-get install dovecot-${name}d`).ignore
    ),
  fn: async () => {
    await using server = await startServer();
    const [submission = "", lmtp = ""] = server.addresses.map((at) => at.split(":").at(-1)!);
    using directory = new Directory();
    const ports = [freePort(), freePort()];
    const local = CONFIGURATION!.replace("$protocols ", "").replace("10587", submission)
      .replace("10024", lmtp);
    await using _dovecot = await startDovecot(directory, local, ports);

    await runClient("swaks", [
      ...["--server", `127.0.0.1:${ports[0]}`, "--helo", "client.example.org"],
      ...["--auth", "PLAIN", "--auth-user", "joe", "--auth-password", "any"],
      ...["--from", "joe@example.net", "--to", "ann@example.org"],
    ]);
    assert.match(server.directory.read("relayed"), /^To: ann@example\.org$/m);
    await server.logs(/ client named peer=127\.0\.0\.1 .*via=127\.0\.0\.1 .*user=joe/);
    await server.logs(/ received .*code=250 .*user=joe .*recipients=<ann@example\.org>/);

    const { stdout } = await run("swaks", [
      ...["--server", `127.0.0.1:${ports[1]}`, "--protocol", "LMTP", "--from", "ann@example.org"],
      ...["--to", ["joe", "jane", "nobody", "max"].map((name) => `${name}@example.net`).join(",")],
    ]);
    assert.match(stdout, /^<\*\* 550 5\.1\.1 <nobody@example\.net> unknown recipient$/m);
    const [, end = ""] = stdout.split(" -> .\n");
    assert.deepEqual(
      [...end.matchAll(/^<.. {1,2}(\d{3}).*<(\w+)@/gm)].map(([, code, name]) => `${code} ${name}`),
      ["250 joe", "451 jane", "554 max"],
      stdout + server.log.join("\n") + directory.read("log"),
    );
    const chunks = () => server.log.filter((line) => / line="BDAT \d+ LAST"$/.test(line));
    await until("the log has both messages", () => chunks().length === 2);
  },
});
