/**
 * Programs that call `sendmail`, with the server up and down: cron, mail, PHP, git and mutt.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Directory, postmaster, run, Running, until } from "../running.ts";
import { need, needOwnMounts } from "../need.ts";

/** A server that takes mail, and the names by which programs call sendmail. */
async function prepared(): Promise<
  { readonly server: Running; readonly start: () => Promise<Running> }
> {
  const settings = (directory: Directory) => {
    Deno.chmodSync(directory.path, 0o755);
    return { drop: { directory: directory.of("drop") }, users: ["you", "root"] };
  };
  const server = await Running.start(settings);
  const { directory } = server;
  Deno.mkdirSync(directory.of("bin"));
  const config = directory.of("postmaster.yaml");
  const { code, stderr, stdout } = await postmaster(
    ...["install-sendmail", "--dir", directory.of("bin"), "--config", config],
  );
  assert.equal(code, 0, stderr);
  assert.equal(stdout.split("\n").length, 4);
  return { server, start: () => Running.start(settings, { directory }) };
}

/** What a program sends, and how that looks when it has arrived. */
interface Sending {
  /** A shell command; `$B` is the directory with sendmail, `$T` one for files of the test. */
  readonly command: string;
  readonly arrives: readonly RegExp[];
}

/** Has a program send a message while the server runs, and another one while it does not. */
async function sends({ command, arrives }: Sending): Promise<void> {
  const { server, start } = await prepared();
  await using running = server;
  const { directory } = running;
  const send = async () => {
    const script = `B=$0/bin T=$0 TMPDIR=$0 HOME=$0; export HOME; cd $T; ${command}`;
    const { code, stderr, stdout } = await run("sh", ["-c", script, directory.path]);
    assert.equal(code, 0, stderr + stdout);
  };
  const counts = () =>
    arrives.map((pattern) => directory.read("mail").match(new RegExp(pattern, "gm"))?.length ?? 0);
  const arrived = (before: readonly number[]) =>
    until(
      () => `mail has arrived: ${counts()} of ${arrives}\n${directory.read("mail")}`,
      () => counts().every((count, i) => count > before[i]!),
    );
  await send();
  await arrived(arrives.map(() => 0));
  const before = counts();
  await running.stop();
  await send();
  assert.ok([...Deno.readDirSync(directory.of("drop"))].length > 0);
  await using _again = await start();
  await arrived(before);
}

Deno.test({
  name: "mail(1) sends by sendmail",
  ...need("mail"),
  fn: () =>
    sends({
      command: "echo set sendmail=$B/sendmail > rc; export MAILRC=$T/rc; " +
        "echo 'hello from mail' | mail -s 'a subject' " +
        "-c root@example.net -b you@example.net you@example.net",
      arrives: [/^Subject: a subject$/, /^hello from mail$/, /^Cc: root@example\.net$/],
    }),
});

Deno.test({
  name: "mail() of PHP sends by sendmail",
  ...need("php"),
  fn: () =>
    sends({
      command: `php -d sendmail_path="$B/sendmail -t -i" -r '
        exit(mail("You <you@example.net>", "from PHP", "first\\n.\\nlast", 
          ["From" => "shop@example.net", "Bcc" => "root@example.net"], "-fshop@example.net") ? 0 : 1);'`,
      arrives: [
        /^Return-Path: <shop@example\.net>\n(?:.*\n)+?\nfirst\n\.\nlast$/,
        /^To: You <you@example\.net>$/,
        /^Delivered-To: root@example\.net$|^Delivered-To: you@example\.net$/,
      ],
    }),
});

Deno.test({
  name: "git send-email sends by sendmail",
  ...need("git"),
  fn: () =>
    sends({
      command: `rm -rf repo && git init -q repo && cd repo &&
        git config user.name 'Ann Müller' && git config user.email ann@example.net &&
        echo hello > file && git add file && git commit -qm 'A füle' &&
        git send-email --quiet --to=you@example.net --confirm=never --suppress-cc=all --smtp-server=$B/sendmail \\
          --8bit-encoding=UTF-8 -1`,
      arrives: [
        /^From: =\?UTF-8\?q\?Ann=20M=C3=BCller\?= <ann@example\.net>$/,
        /^X-Mailer: git-send-email/,
      ],
    }),
});

Deno.test({
  name: "mutt sends by sendmail",
  ...need("mutt"),
  fn: () =>
    sends({
      command:
        "echo 'hello from mutt' | mutt -F /dev/null -e \"set sendmail='$B/sendmail -oem -oi'\" " +
        "-e 'set use_envelope_from=yes' -e 'set from=ann@example.net' -e 'set copy=no' " +
        "-e 'set dsn_return=hdrs' -s 'a subject' -- you@example.net",
      arrives: [/^Return-Path: <ann@example\.net>$/, /^Subject: a subject$/, /^hello from mutt$/],
    }),
});

Deno.test({
  name: "cron sends by sendmail",
  // In the place of a sendmail that is there.
  ignore: need("cron", "sendmail").ignore || needOwnMounts().ignore,
  fn: () =>
    sends({
      // Its files are its own, and sendmail is ours for this process alone.
      command: `echo "printf 'hello from cron\\\\n.\\\\nhalf\\\\rall\\\\nend of cron\\\\n'" > job
        printf "MAILTO=you@example.net\\n@reboot sh $T/job\\n" > crontab
        unshare --mount sh -ec '
          mount -t tmpfs tmpfs /run
          mkdir -p empty && mount --bind empty /etc/cron.d && mount --bind /dev/null /etc/crontab
          mount -t tmpfs -o mode=1730 tmpfs /var/spool/cron/crontabs
          install -m 600 crontab /var/spool/cron/crontabs/root
          mount --bind $0/sendmail /usr/sbin/sendmail
          cron -f & 
          trap "kill $!" EXIT
          while ! ls -A $1/drop | grep -q . && ! grep -q "end of cron" $1/mail; do sleep 0.1; done
        ' $B $T`,
      arrives: [
        /^hello from cron$/,
        /^\.$/,
        /^half$/,
        /^all$/,
        /^end of cron$/,
        /^Subject: Cron <root@/,
      ],
    }),
});
