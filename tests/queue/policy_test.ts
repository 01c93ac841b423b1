/**
 * Handlers decide about mail in the queue of a running server.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { userLine } from "../../src/auth/edit.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { codes, type Directory, PROGRAM, run, Running, until } from "../running.ts";

const POLICY = `
import { chain, hold, Mailbox, on, relay, say } from "postmaster";

export default chain(
  on("BeforeDelivery", ({ route, attempt }, next) => {
    switch (attempt === 1 ? route.recipient.local : "") {
      case "held": return hold("looks odd");
      case "late": return say(4, 5, 0, "not yet", "4.7.1");
      case "bad": return say(5, 5, 0, "never ever", "5.7.1");
      case "away": return relay([Mailbox.parse("away@example.org")]);
      case "breaks": throw new Error("no such table");
      case "hangs": return new Promise(() => {});
    }
    return next();
  }),
  on("AfterDelivery", ({ route, attempt, ending }, next, session) => {
    session.log(\`\${route.recipient.local} \${attempt} \${ending} for \${session.helo?.name}\`);
    return next();
  }),
);
`;

const USERS = ["you", "good", "held", "late", "bad", "away", "breaks", "hangs"];

/** Mailers that append to a file for each user. */
const mailers = (directory: Directory) => ({
  mailer: { command: ["tee", "-a", directory.of("mail.{user}")] },
  relay: { command: ["tee", "-a", directory.of("relayed.{recipient}")] },
});

Deno.test("handlers let mail go, hold it, defer it, fail it, send it elsewhere, and break", async () => {
  await using server = await Running.start((directory) => ({
    users: USERS,
    handlers: [directory.write("policy.ts", POLICY)],
    limits: { "handler-timeout": "1 s" },
    queue: { retry: ["1 s"] },
    ...mailers(directory),
  }));
  const { directory } = server;
  const client = await server.connect();
  const recipients = USERS.slice(1).map((name) => `RCPT TO:<${name}@example.net>`);
  await codes(
    client,
    "EHLO client.example.org",
    "MAIL FROM:<you@example.net>",
    ...recipients,
    "DATA",
  );
  client.send("Subject: all\r\n\r\nHello\r\n.\r\n");
  assert.equal((await client.reply()).code, 250);
  for (const name of ["mail.good", "mail.late", "mail.breaks", "mail.hangs"]) {
    await until(`${name} has come`, () => directory.read(name).includes("Hello"));
  }
  await until(
    "it went elsewhere",
    () => directory.read("relayed.away@example.org").includes("Hello"),
  );
  await until("the bounce has come", () => directory.read("mail.you").includes("never ever"));
  for (const name of ["mail.held", "mail.bad", "mail.away"]) assert.equal(directory.read(name), "");
  await server.logs(/ delivered .* recipient=<away@example.net> target=relay /);
  await server.logs(/ held .* recipient=<held@example.net> .*reason="looks odd"/);
  await server.logs(
    /handler broke .*event=BeforeDelivery handler=\S*policy\.ts\S* .*no such table/,
  );
  await server.logs(
    /handler broke .*event=BeforeDelivery handler=\S*policy\.ts\S* .*did not answer in time/,
  );
  const told = [
    "good 1 delivered",
    "late 1 deferred",
    "late 2 delivered",
    "bad 1 failed",
    "away 1 delivered",
  ];
  for (const line of [...told, "breaks 1 deferred", "breaks 2 delivered", "hangs 2 delivered"]) {
    await server.logs(new RegExp(`"${line} for client\\.example\\.org`));
  }
});

Deno.test("the mail of a user whose password was stolen is held, and postmaster hears of it once", async () => {
  using hashes = new Hashes();
  const joe = await userLine("joe", "secret", hashes);
  await using server = await Running.start((directory) => ({
    listen: [{ address: "127.0.0.1:0", kind: "submission" }],
    users: ["you", "joe", "good"],
    auth: {
      passwords: { file: directory.write("passwords", joe) },
      "clear-text": "loopback",
    },
    handlers: [{ "stolen-passwords": { recipients: 1 } }],
    queue: { retry: ["1 s"] },
    ...mailers(directory),
  }));
  const { directory } = server;
  const send = async (text: string, ...recipients: readonly string[]) => {
    const client = await server.connect();
    const rcpt = recipients.map((name) => `RCPT TO:<${name}@example.net>`);
    const login = Buffer.from("\0joe\0secret").toString("base64");
    const hello = ["EHLO client.example.org", `AUTH PLAIN ${login}`, "MAIL FROM:<joe@example.net>"];
    await codes(client, ...hello, ...rcpt, "DATA");
    client.send(`Subject: ${text}\r\n\r\n${text}\r\n.\r\n`);
    assert.equal((await client.reply()).code, 250);
    client.hangUp();
  };
  await send("first", "good");
  await send("second", "good");
  await send("third", "good");
  await until("the first has come", () => directory.read("mail.good").includes("first"));
  await until(
    "postmaster knows",
    () => directory.read("mail.you").includes("queue list --user joe"),
  );
  assert.equal(directory.read("mail.you").split("Subject: The mail of joe").length, 2);
  assert.doesNotMatch(directory.read("mail.good"), /second|third/);

  const commands = [...directory.read("mail.you").matchAll(/^ {2}(postmaster .*?)\r?$/gm)];
  const [list, unset, release, drop] = commands.map(([, line]) => line);
  const program = PROGRAM.map((word) => `'${word}'`).join(" ");
  const does = async (line: string | undefined) => {
    const script = `postmaster() { ${program} "$@" --config "$0"; }\n${line}`;
    const { code, stdout, stderr } = await run("sh", [
      "-c",
      script,
      directory.of("postmaster.yaml"),
    ]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const listed = (await does(list)).split("\n").filter((line) => line.includes("good@example.net"));
  assert.equal(listed.length, 2);
  assert.match(listed.join("\n"), /more than 1 recipients in 1 h/);
  await does(unset);
  await does(release);
  await until(
    "the second and the third have come",
    () => ["second", "third"].every((text) => directory.read("mail.good").includes(text)),
  );
  await send("fourth", "good");
  await until("the fourth has come", () => directory.read("mail.good").includes("fourth"));
  await send("fifth", "good");
  await until(
    "postmaster hears of it again",
    () => directory.read("mail.you").split("Subject: The mail of joe").length === 3,
  );
  await does(drop);
  assert.doesNotMatch(await does(list), /good@example\.net/);
  assert.doesNotMatch(directory.read("mail.good"), /fifth/);
});

/** Sends a message to an address, and returns the reply. */
async function sendTo(
  server: Running,
  recipient: string,
  sender = "you@example.net",
): Promise<string> {
  const client = await server.connect();
  const envelope = [`MAIL FROM:<${sender}>`, `RCPT TO:<${recipient}>`];
  await codes(client, "EHLO client.example.org", ...envelope, "DATA");
  client.send("Subject: hello\r\n\r\nHello\r\n.\r\n");
  const { code, lines } = await client.reply();
  return `${code} ${lines[0]?.replace(/ as .*/, "")}`;
}

Deno.test("a message on hold waits, also one that would be thrown away or delivered before the reply", async () => {
  const reason = "sent on a Sunday";
  for (const more of [{}, { deliver: "before-reply" }, { handlers: ["discard-all"] }]) {
    await using server = await Running.start((directory) => ({
      ...mailers(directory),
      ...more,
      queue: { retry: ["1 s"] },
      handlers: [
        { when: { if: { recipient: "you@example.net" }, then: { hold: { reason } } } },
        ..."handlers" in more ? more.handlers : [],
      ],
    }));
    assert.equal(await sendTo(server, "you@example.net"), "250 ok: queued");
    await server.logs(/ held .* recipient=<you@example\.net> reason="sent on a Sunday"/);
    assert.equal(server.directory.read("mail.you"), "");
  }
});

Deno.test("without a queue a message on hold is deferred", async () => {
  await using server = await Running.start((directory) => ({
    ...mailers(directory),
    handlers: [{ when: { if: { tls: false }, then: "hold" } }],
  }));
  const reply = await sendTo(server, "you@example.net");
  assert.equal(reply, "451 there is no queue for a message on hold");
  assert.equal(server.directory.read("mail.you"), "");
});

Deno.test("what exceeds a rate is on hold", async () => {
  await using server = await Running.start((directory) => ({
    ...mailers(directory),
    handlers: [{ "rate-limit": { limit: 1, of: "recipients", excess: "hold" } }],
    queue: { retry: ["1 s"] },
  }));
  assert.equal(await sendTo(server, "you@example.net"), "250 ok: queued");
  assert.equal(await sendTo(server, "you@example.net"), "250 ok: queued");
  await server.logs(/ held .* reason="more than 1 recipients per 1 h by address"/);
  await until("one has come", () => server.directory.read("mail.you").includes("Hello"));
  assert.equal(server.directory.read("mail.you").split("Hello").length, 2);
});

Deno.test("a bounce to a sender elsewhere is relayed, whatever is asked of clients", async () => {
  await using server = await Running.start((directory) => ({
    ...mailers(directory),
    handlers: [
      { impatient: { bound: 0, ban: "1 d" } },
      { "rate-limit": { limit: 1, of: "recipients", by: "all" } },
      { when: { if: { recipient: "@example.net" }, then: { reject: { on: "BeforeDelivery" } } } },
    ],
    queue: { retry: ["1 s"] },
  }));
  assert.equal(await sendTo(server, "you@example.net", "ann@example.org"), "250 ok: queued");
  await until(
    "the bounce was relayed",
    () => server.directory.read("relayed.ann@example.org").includes("not accepted here (5.7.1)"),
  );
  assert.equal(server.directory.read("mail.you"), "");
});
