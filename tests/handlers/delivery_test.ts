import assert from "node:assert/strict";
import { type Directory, Running, sendMail, type Settings } from "../running.ts";

/** A server whose mailer is a shell script; `$1` is the server's directory, `$2` the user. */
const serving = (
  script: string,
  settings: (directory: Directory) => Settings = () => ({}),
): Promise<Running> =>
  Running.start((directory) => ({
    users: ["you", "archive"],
    mailer: {
      command: ["sh", "-c", script, "sh", directory.path, "{user}"],
      "kill-grace": "100 ms",
    },
    ...settings(directory),
  }));

const archiving = (): Settings => ({ handlers: [{ archive: { to: "archive@example.net" } }] });

/** A mailer that appends to a file of the user's, and gives `you` one exit code and `archive` another. */
const exits = (you: number, archive: number): string =>
  `cat >> "$1/$2"; case $2 in you) exit ${you};; *) exit ${archive};; esac`;

const copies = (server: Running): number =>
  server.directory.read("archive").match(/^Subject: /gm)?.length ?? 0;

Deno.test("a message that was not delivered is not accepted because its copy could be, and is not copied", async () => {
  for (const [exit, code] of [[75, 451], [67, 554]] as const) {
    await using server = await serving(exits(exit, 0), archiving);
    using client = await server.connect();
    assert.equal(await sendMail(client), code);
    assert.equal(copies(server), 0);
  }
});

Deno.test("a message comes again while a recipient is deferred, whoever has it, and not for those who are refused", async () => {
  const list = { handlers: [{ alias: { you: ["you", "archive"] } }] };
  for (const [you, archive, code] of [[0, 75, 451], [75, 67, 451], [0, 67, 250]] as const) {
    await using server = await serving(exits(you, archive), () => list);
    using client = await server.connect();
    assert.equal(await sendMail(client), code);
    await server.logs(code === 451 ? / deferred / : / failed .*recipient=<archive@example\.net>/);
  }
});

Deno.test("a message that is deferred and comes again is copied once", async () => {
  const script = 'cat >> "$1/$2"; case $2 in you) test -e "$1/awake" || exit 75;; esac';
  await using server = await serving(script, archiving);
  using client = await server.connect();
  assert.equal(await sendMail(client), 451);
  server.directory.write("awake", "");
  assert.equal(await sendMail(client), 250);
  assert.equal(copies(server), 1);
});

Deno.test("a copy that cannot be delivered does not make the client send the message again", async () => {
  for (const exit of [75, 67]) {
    await using server = await serving(exits(0, exit), archiving);
    using client = await server.connect();
    assert.equal(await sendMail(client), 250);
    await server.logs(/ error .* copy lost .*recipient=<archive@example\.net>/);
  }
});

Deno.test("nobody waits for a copy until the time for the delivery is over", async () => {
  const script = 'cat > /dev/null; case $2 in archive) exec sleep 60;; esac; echo >> "$1/mail"';
  await using server = await serving(script, () => ({
    ...archiving(),
    limits: { "deliver-timeout": "6 s" },
  }));
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
  await server.logs(/ copy lost /);
  assert.equal(server.directory.read("mail"), "\n");
});

Deno.test("rewrite-sender changes the sender that the mailer and all handlers are told", async () => {
  await using server = await Running.start((directory) => ({
    handlers: [
      { "rewrite-sender": { "@example.org": "@example.net" } },
      { when: { if: { sender: "ann@example.org" }, then: { reject: { on: "AddRcptTo" } } } },
    ],
    mailer: {
      command: [
        "sh",
        "-c",
        'cat > "$1"; echo "$2" >> "$1"',
        "sh",
        directory.of("mail"),
        "{sender}",
      ],
    },
  }));
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
  const mail = server.directory.read("mail");
  assert.match(mail, /^Return-Path: <ann@example\.net>\n[^]*\nann@example\.net\n$/);
  await server.logs(/ received .*sender=<ann@example\.net>/);
});

Deno.test("rewrite-sender does not touch the null sender", async () => {
  await using server = await Running.start((directory) => ({
    handlers: [{ "rewrite-sender": { "@example.org": "@example.net" } }],
    mailer: { command: ["sh", "-c", 'echo "$2" > "$1"', "sh", directory.of("mail"), "<{sender}>"] },
  }));
  using client = await server.connect();
  await client.command("EHLO client.example.org");
  await client.command("MAIL FROM:<>");
  await client.command("RCPT TO:<you@example.net>");
  await client.command("DATA");
  assert.equal((await client.command("Subject: bounce\r\n\r\n.")).code, 250);
  assert.match(server.directory.read("mail"), /^<MAILER-DAEMON>$/m);
});

Deno.test("files in the options of handlers lie beside the configuration", async () => {
  await using server = await Running.start((directory) => {
    directory.write("lists", "staff@example.net: you, archive\n");
    directory.write("more", "all@example.net: staff\n");
    return {
      users: ["you", "archive"],
      handlers: [
        { explode: { file: "lists" } },
        { when: { if: { tls: false }, then: { explode: { file: "./more" } } } },
      ],
    };
  });
  using client = await server.connect();
  assert.equal(await sendMail(client, "all@example.net"), 250);
  assert.equal(server.directory.read("mail").match(/^Subject: /gm)?.length, 2);
});

Deno.test("relay-to sends mail of its networks on by the configured command, and local mail to users", async () => {
  const relaying = 'cat > "$1"; echo "$2" >> "$1"';
  await using server = await Running.start((directory) => ({
    handlers: [{ "relay-to": { networks: ["127.0.0.0/8"] } }],
    relay: {
      command: ["sh", "-c", relaying, "sh", directory.of("relayed"), "{recipient}"],
    },
  }));
  using client = await server.connect();
  assert.equal(await sendMail(client, "x@elsewhere.example"), 250);
  assert.match(server.directory.read("relayed"), /^Subject: hello\n[^]*x@elsewhere\.example\n$/m);
  assert.equal(server.directory.read("mail"), "");
  assert.equal(await sendMail(client, "you@example.net"), 250);
  assert.match(server.directory.read("mail"), /^Subject: hello$/m);
});
