/**
 * `sendmail` and the drop directory, from outside: the whole program, with the server up and down.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  COMPILED,
  Directory,
  type Ended,
  feed,
  postmaster,
  run,
  Running,
  type Settings,
  until,
} from "../running.ts";
import { needRoot } from "../need.ts";
import { withUsers } from "../user.ts";

/** The settings of a server that takes mail which programs of this machine leave. */
const withDrop = (more: Settings = {}) => (directory: Directory): Settings => {
  Deno.chmodSync(directory.path, 0o755);
  const { drop = {}, ...others } = more;
  return { drop: { directory: directory.of("drop"), ...drop as object }, ...others };
};

/** Sends a message as the user of the tests. */
const sendmail = (
  directory: Directory,
  args: readonly string[],
  text: string | Uint8Array,
): Promise<Ended> => feed(text, "sendmail", `--drop=${directory.of("drop")}`, ...args);

const HELLO = "To: you@example.net\nSubject: hello\n\nhello\n";

/** Waits for mail that has this in it, and returns all mail. */
const mailWith = (directory: Directory, pattern: RegExp): Promise<string> =>
  until(() => `mail with ${pattern}, and there is ${directory.read("mail")}`, () => {
    const mail = directory.read("mail");
    return pattern.test(mail) && mail;
  });

const left = (directory: Directory): string[] =>
  [...Deno.readDirSync(directory.of("drop"))].map(({ name }) => name);

const isEmpty = (directory: Directory): Promise<boolean> =>
  until(
    () => `the drop directory is empty: ${left(directory)}`,
    () => left(directory).length === 0,
  );

/** What another user can start: one without the packages of this one. */
function programFor(directory: Directory): readonly string[] {
  if (COMPILED !== undefined) return [COMPILED, "sendmail"];
  const { href } = new URL("../../src/cli/sendmail/sendmail.ts", import.meta.url);
  const text = `import { sendmail } from "${href}";\n` +
    'Deno.exit(await sendmail("sendmail", Deno.args));\n';
  const file = directory.write("sendmail.ts", text);
  return [Deno.execPath(), "run", "--no-config", "--quiet", "--allow-all", file];
}

Deno.test("explain tells of mail that was handed over by sendmail", async () => {
  await using server = await Running.start(withDrop());
  const { directory } = server;
  await sendmail(directory, ["you@example.net"], HELLO);
  await until("it is kept", async () => {
    const { stdout } = await postmaster(
      ...[
        "explain",
        "--client",
        "unix",
        "--to",
        "you@example.net",
        "--config",
        directory.of("postmaster.yaml"),
      ],
    );
    return /client: .*unix/.test(stdout) && /AddRcptTo <you@example\.net>/.test(stdout);
  });
});

Deno.test("sendmail hands a message to the server, which completes it", async () => {
  await using server = await Running.start(withDrop());
  const { directory } = server;
  const { mode } = Deno.statSync(directory.of("drop"));
  assert.equal(mode! & 0o7777, 0o1733);
  const text =
    "To: You <you@example.net>\nBcc: you@example.net\nSubject: hello\n\nfirst\n.\nlast\n";
  const { code, stderr } = await sendmail(directory, ["-t", "-i"], text);
  assert.deepEqual([code, stderr], [0, ""]);
  const mail = await mailWith(directory, /last\n$/);
  assert.match(mail, /^Received: by mx\.example\.net \(from \w+, user ID \d+\) id /m);
  assert.match(mail, /^Date: /m);
  assert.match(mail, /^Message-ID: /m);
  assert.match(mail, /^From: \w+@example\.net$/m);
  assert.doesNotMatch(mail, /^Bcc/m);
  assert.match(mail, /\n\nfirst\n\.\nlast\n$/);
  await isEmpty(directory);
});

Deno.test("what is left while no server runs is taken when one does", async () => {
  await using server = await Running.start(withDrop());
  const { directory } = server;
  await server.stop();
  for (const n of [1, 2, 3]) {
    const { code } = await sendmail(directory, ["you"], `Subject: number ${n}\n\nhello\n`);
    assert.equal(code, 0);
  }
  assert.equal(left(directory).length, 3);
  assert.equal(directory.read("mail"), "");
  await using _again = await Running.start(withDrop(), { directory });
  for (const n of [1, 2, 3]) await mailWith(directory, new RegExp(`^Subject: number ${n}$`, "m"));
  await isEmpty(directory);
});

Deno.test("what handlers refuse comes back to the user, and others get their mail", async () => {
  await using server = await Running.start(withDrop({
    users: ["you", "root"],
    aliases: { me: "root" },
    queue: {},
    deliver: "queued",
  }));
  const { directory } = server;
  const text = "Subject: for two\n\nhello\n";
  await sendmail(
    directory,
    ["-f", "me@example.net", "you", "nobody@example.net", "not an address"],
    text,
  );
  const mail = await mailWith(directory, /Action: failed[^]*Action: failed/);
  assert.match(mail, /^Delivered-To: you@example\.net$/m);
  assert.match(mail, /Final-Recipient: rfc822;nobody@example\.net/);
  assert.match(mail, /Diagnostic-Code: smtp; 550 5\.1\.1/);
  assert.match(mail, /not an address/);
  assert.match(mail, /^To: me@example\.net$/m);
  await isEmpty(directory);
  await server.logs(/ reported /);
});

Deno.test("mail that is deferred waits, and comes when it can, to each recipient once", async () => {
  const policy = `
    import { chain, on, say } from "postmaster";
    const later = say(4, 5, 1, "come back", "4.2.0");
    let tries = 0;
    export default chain(
      on("AddRcptTo", ({ mailbox }, next) => mailbox.local === "late" && tries++ < 1 ? later : next()),
    );`;
  await using server = await Running.start((directory) => {
    directory.write("policy.ts", policy);
    return withDrop({ users: ["you", "late"], handlers: ["./policy.ts"] })(directory);
  });
  const { directory } = server;
  await sendmail(directory, ["you", "late"], "Subject: hello\n\nhello\n");
  await mailWith(directory, /^Delivered-To: late@/m);
  await isEmpty(directory);
  const all = directory.read("mail").match(/^Delivered-To: .*$/gm) ?? [];
  assert.deepEqual(all.toSorted(), [
    "Delivered-To: late@example.net",
    "Delivered-To: you@example.net",
  ]);
});

Deno.test({
  name: "every user can hand over mail, which is that user's, and sees nothing of others",
  ...needRoot(),
  fn: () =>
    withUsers(["a", "b"], async (name) => {
      const [ann, bob] = [`${name}a`, `${name}b`];
      await using server = await Running.start(withDrop({
        user: "nobody",
        "handlers-as-root": false,
        drop: { "trusted-users": [bob] },
        users: ["you"],
        "spool-directory": "spool",
        mailer: { command: ["sh", "-c", 'cat >> "$0"', "/dev/null"] },
      }));
      const { directory } = server;
      const drop = directory.of("drop");
      assert.equal(Deno.statSync(drop).uid, 65534);
      const as = (user: string, ...command: string[]) =>
        run("setpriv", [`--reuid=${user}`, "--clear-groups", `--regid=${user}`, ...command], HELLO);
      const send = (user: string, ...args: string[]) =>
        as(user, ...programFor(directory), `--drop=${drop}`, ...args);

      for (
        const [user, ...args] of [[ann], [bob, "-f", "x@example.org"], [ann, "-fx@example.org"]]
      ) {
        const { code, stderr } = await send(user!, "-t", ...args);
        assert.deepEqual([code, stderr], [0, ""]);
      }
      const senders = () =>
        server.log.filter((line) => / received /.test(line)).map((line) =>
          / sender=(\S+) user=(\S+)/.exec(line)?.slice(1).join(" ")
        );
      await until(() => `three are there: ${senders()}`, () => senders().length === 3);
      assert.deepEqual(
        senders().toSorted(),
        [
          `<${ann}@example.net> ${ann}`,
          `<${ann}@example.net> ${ann}`,
          `<x@example.org> ${bob}`,
        ].toSorted(),
      );

      await server.stop();
      await send(ann, "-t");
      const [file] = left(directory);
      assert.equal((await as(bob, "ls", drop)).code, 2);
      assert.notEqual((await as(bob, "rm", "-f", `${drop}/${file}`)).code, 0);
      assert.notEqual((await as(bob, "sh", "-c", `echo x >> ${drop}/${file}`)).code, 0);
    }),
});

Deno.test({
  name: "links, pipes, directories and files that are no messages are refused",
  ...needRoot(),
  fn: async () => {
    await using server = await Running.start(withDrop());
    const { directory } = server;
    await server.stop();
    const at = (name: string) => directory.of(`drop/${name}`);
    directory.write("secret", "a secret");
    Deno.symlinkSync(directory.of("secret"), at("mail.link"));
    Deno.linkSync(directory.of("secret"), at("mail.hard"));
    await run("mkfifo", [at("mail.pipe")]);
    await run("mknod", [at("mail.null"), "c", "1", "3"]);
    Deno.writeTextFileSync(at("mail.text"), "no envelope\n");
    Deno.writeTextFileSync(at("mail.json"), '{"recipients":[]}\n');
    Deno.writeTextFileSync(at("mail.smtp"), '{"recipients":["you>\\r\\nRCPT TO:<joe"]}\r\n\r\n');
    Deno.writeTextFileSync(at("other"), "");
    Deno.writeTextFileSync(at("draft.new"), "");
    Deno.writeTextFileSync(at("draft.old"), "");
    Deno.utimeSync(at("draft.old"), 1, 1);
    await using again = await Running.start(withDrop(), { directory });
    await until(
      () => `it is refused: ${left(directory)}`,
      () => left(directory).join() === "draft.new",
    );
    const refused = again.log.filter((line) => /drop refused/.test(line));
    for (const name of ["link", "hard", "pipe", "null", "text", "json"]) {
      assert.ok(refused.some((line) => line.includes(`mail.${name}`)), name);
    }
    assert.equal(directory.read("secret"), "a secret");
    assert.doesNotMatch(directory.read("mail"), /a secret/);
    assert.doesNotMatch(again.log.join("\n"), /joe/);
  },
});

Deno.test({
  name: "a user's quota holds, and what is too much comes back",
  ...needRoot(),
  fn: async () => {
    const settings = withDrop({ drop: { files: 2 }, users: ["you", "nobody"] });
    await using server = await Running.start(settings);
    const { directory } = server;
    await server.stop();
    for (let n = 0; n < 4; n++) {
      await sendmail(directory, ["you"], `Subject: number ${n}\n\nhello\n`);
    }
    for (const name of left(directory)) Deno.chownSync(directory.of(`drop/${name}`), 65534, 65534);
    await using _again = await Running.start(settings, { directory });
    await isEmpty(directory);
    const to = directory.read("mail").match(/^Delivered-To: .*$/gm) ?? [];
    const [you, nobody] = ["you", "nobody"].map((name) => `Delivered-To: ${name}@example.net`);
    assert.deepEqual(to.toSorted(), [nobody, nobody, you, you]);
    assert.match(directory.read("mail"), /too much mail of this user waits/);
  },
});

Deno.test("mailq, -q and newaliases do what scripts expect", async () => {
  await using server = await Running.start(withDrop({
    queue: {},
    deliver: "queued",
    mailer: { command: ["sh", "-c", "echo not now; exit 75"] },
  }));
  const { directory } = server;
  const config = directory.of("postmaster.yaml");
  const empty = await postmaster("sendmail", "-bp", "-C", config);
  assert.equal(empty.stdout, "Mail queue is empty\n");
  await sendmail(directory, ["-t"], HELLO);
  await server.logs(/ deferred /);
  const listed = await postmaster("sendmail", "-bp", "-C", config);
  assert.match(
    listed.stdout,
    /^-Queue ID-.*\n\w{10,} +\d+ \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d {2}\w+@example\.net\n *\(.*\)\n {41}you@example\.net\n\n-- 1 Kbytes in 1 Request\.\n$/,
  );
  const before = server.log.filter((line) => / deferred /.test(line)).length;
  assert.equal((await postmaster("sendmail", "-q", "-C", config)).code, 0);
  await until(
    "it was tried again",
    () => server.log.filter((line) => / deferred /.test(line)).length > before,
  );
  assert.equal((await postmaster("sendmail", "-bi")).code, 0);
});

Deno.test("SMTP is spoken on the standard input", async () => {
  await using server = await Running.start(withDrop());
  const { directory } = server;
  const lines = [
    "EHLO me",
    "MAIL FROM:<ann@example.org>",
    "RCPT TO:<you>",
    "DATA",
    HELLO + ".",
    "QUIT",
  ];
  const { stdout, code } = await sendmail(directory, ["-bs"], lines.join("\n") + "\n");
  assert.equal(code, 0);
  assert.match(stdout, /^250 2\.0\.0 left for the server\r\n221 /m);
  const mail = await mailWith(directory, /hello\n$/);
  assert.match(mail, /^Return-Path: <ann@example\.org>$/m);
  await isEmpty(directory);
});

Deno.test("wrong calls end with the codes of sysexits", async () => {
  using directory = new Directory();
  const codeOf = async (args: readonly string[], text = HELLO) =>
    (await sendmail(directory, args, text)).code;
  assert.equal(await codeOf([]), 64);
  assert.equal(await codeOf(["-z", "you"]), 64);
  assert.equal(await codeOf(["-bd"]), 64);
  assert.equal(await codeOf(["-t"], "Subject: to nobody\n\nhello\n"), 65);
  assert.equal(await codeOf(["you"]), 75);
});

Deno.test("a reload changes how much users may send in which time", async () => {
  await using server = await Running.start(withDrop());
  const { directory } = server;
  const arrives = async (text: string) => {
    const message = `Subject: ${text}\n\n`;
    assert.equal((await sendmail(directory, ["you@example.net"], message)).code, 0);
    await mailWith(directory, new RegExp(`^Subject: ${text}$`, "m"));
  };
  await arrives("first");

  const config = JSON.parse(directory.read("postmaster.yaml"));
  const changed = { ...config, drop: { ...config.drop, rate: "1/5s" } };
  directory.write("postmaster.yaml", changed);
  server.kill("SIGHUP");
  await server.logs(/ reloaded by=SIGHUP changed=drop/);
  const begun = performance.now();
  await arrives("second");
  await arrives("third");
  assert.ok(performance.now() - begun >= 5000);
});
