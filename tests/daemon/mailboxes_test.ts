/**
 * Mail in the mailboxes of users, stored by a server that root has started and that is another user now.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { need, needRoot } from "../need.ts";
import { COMPILED, Directory, PROGRAM, run, Running, sendMail, type Settings } from "../running.ts";
import { readByPython } from "../targets/mailbox/storing.ts";
import { withUsers } from "../user.ts";

/** The program where every user may run it. */
async function programIn(directory: Directory): Promise<readonly string[]> {
  Deno.chmodSync(directory.path, 0o755);
  const [program = "", ...args] = PROGRAM;
  const copy = directory.of("program");
  await Deno.copyFile(program, copy);
  Deno.chmodSync(copy, 0o755);
  if (COMPILED !== undefined) return [copy, ...args];
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const sources = ["main.ts", "deno.json", "deno.lock", "src", "handlers", "LICENSE"];
  await run("cp", ["-r", ...sources.map((name) => root + name), directory.path]);
  await run("chmod", ["-R", "a+rX", directory.path]);
  return [copy, ...args.slice(0, -1), directory.of("main.ts")];
}

/** Runs a server with this mailer, which becomes daemon, for users with these endings of their names. */
async function serving(
  mailer: Settings,
  use: (server: Running, name: string) => Promise<void>,
): Promise<void> {
  using directory = new Directory();
  const program = await programIn(directory);
  await withUsers(["a", "b"], async (name) => {
    await using server = await Running.start((own) => {
      Deno.chmodSync(own.path, 0o755);
      Deno.mkdirSync(own.of("state"));
      Deno.chownSync(own.of("state"), 1, 1);
      const users = [`${name}a`, `${name}b`, "root"];
      return { user: "daemon", users, postmaster: users[0], mailer, "recipient-delimiter": "+" };
    }, { program });
    await use(server, name);
  });
}

const homeOf = async (user: string) =>
  (await run("getent", ["passwd", user])).stdout.split(":")[5]!;
const ownerOf = async (path: string) => (await run("stat", ["-c", "%U", path])).stdout.trim();

Deno.test({
  name: "mail is in the Maildirs of users, who own it, and root gets none",
  ignore: need("python3").ignore || needRoot().ignore,
  fn: () =>
    serving(
      { maildir: { path: "{home}/Maildir", folders: "create", quota: "10 kB" } },
      async (server, name) => {
        using client = await server.connect();
        assert.equal(await sendMail(client, `${name}a@example.net`), 250);
        assert.equal(await sendMail(client, `${name}b+lists@example.net`), 250);
        const maildir = `${await homeOf(`${name}a`)}/Maildir`;
        const folder = `${await homeOf(`${name}b`)}/Maildir/.lists`;
        for (const [path, user] of [[maildir, `${name}a`], [folder, `${name}b`]] as const) {
          const [read, ...others] = await readByPython("Maildir", path);
          assert.deepEqual([read, others], [{ subject: "hello", lines: ["hello"] }, []]);
          const [file] = Deno.readDirSync(`${path}/new`);
          assert.equal(await ownerOf(`${path}/new/${file!.name}`), user);
          const top = Deno.readTextFileSync(`${path}/new/${file!.name}`);
          assert.match(top, /^Return-Path: <ann@example\.org>\nDelivered-To: /);
        }
        const large = `Subject: x\r\n\r\n${`${"x".repeat(900)}\r\n`.repeat(7)}`;
        assert.equal(await sendMail(client, `${name}a@example.net`, large), 250);
        assert.equal(await sendMail(client, `${name}a@example.net`, large), 451);
        await server.logs(/enhanced=4\.2\.2 .*reason="maildir: mailbox full"/);
        assert.equal(await sendMail(client, "root@example.net"), 451);
        await server.logs(/recipient=<root@.*cause="nothing runs as root for a recipient"/);
      },
    ),
});

Deno.test({
  name: "mail is in the mbox of a user in /var/mail, and a link there is not followed",
  ignore: need("python3").ignore || needRoot().ignore,
  fn: () =>
    serving({ mbox: "/var/mail/{user}" }, async (server, name) => {
      const [path, link] = [`/var/mail/${name}a`, `/var/mail/${name}b`];
      const target = `${await homeOf(`${name}b`)}/secret`;
      Deno.symlinkSync(target, link);
      try {
        using client = await server.connect();
        assert.equal(await sendMail(client, `${name}a@example.net`), 250);
        assert.deepEqual(await readByPython("mbox", path), [{
          subject: "hello",
          lines: ["hello"],
        }]);
        assert.equal(await ownerOf(path), `${name}a`);
        assert.equal(await sendMail(client, `${name}b@example.net`), 451);
        await server.logs(/enhanced=4\.2\.0 .*cause="\/var\/mail\/\w+ is a link"/);
        assert.throws(() => Deno.lstatSync(target), Deno.errors.NotFound);
      } finally {
        for (const file of [path, link]) await run("rm", ["-f", file, `${file}.lock`]);
      }
    }),
});
