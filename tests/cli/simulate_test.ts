import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Directory, feed } from "../running.ts";

const POLICY = `
import { chain, headerField, named, on, prepend, say } from "postmaster";

export default chain(
  named("hours", on("AddRcptTo", (_event, next, { time }) =>
    time.getUTCHours() < 8 ? say(4, 5, 0, "we are still asleep") : next())),
  named("members", on("AddRcptTo", ({ mailbox }, next, { user, tls }) =>
    mailbox.local !== "members" || (user === "ann" && tls) ? next() : say(5, 5, 0, "members only"))),
  named("stamp", on("Deliver", (event, next, { peer }) =>
    next({ ...event, body: prepend(event.body, headerField("X-Peer", peer.address)) }))),
);
`;

/** A directory with a configuration, the path of which is `config`. */
class Site extends Directory {
  readonly config: string;

  constructor(settings: object = {}) {
    super();
    this.write("policy.ts", POLICY);
    this.config = this.write("postmaster.yaml", {
      hostname: "mx.example.net",
      domains: ["example.net"],
      users: ["joe", "jane", "members"],
      aliases: { postmaster: "joe", sales: ["joe", "jane"] },
      mailer: { command: ["tee", "-a", this.of("mail-of-{user}")] },
      handlers: ["./policy.ts"],
      ...settings,
    });
  }

  simulate(input: string | Uint8Array, ...args: readonly string[]) {
    return feed(input, "simulate", "--config", this.config, "--time", "2026-12-24T17:00Z", ...args);
  }
}

const withoutTimes = (text: string) => text.replace(/ \(\d+\.\d ms\)$/gm, "");

const SESSION = `\
HELO client.example.org
MAIL FROM:<ann@example.org>
RCPT TO:<nobody@example.net>
RCPT TO:<sales@example.net>
DATA
Subject: hello

..
Hello.
.
QUIT
`;

const TRANSCRIPT = (mail: string) =>
  `\
S: 220 mx.example.net ESMTP Postmaster
C: HELO client.example.org
S: 250 mx.example.net
C: MAIL FROM:<ann@example.org>
S: 250 2.1.0 sender ok
C: RCPT TO:<nobody@example.net>
S: 550 5.1.1 unknown recipient
C: RCPT TO:<sales@example.net>
S: 250 2.1.5 recipient ok
C: DATA
S: 354 end the message with a dot on a line of its own
C: Subject: hello
C:
C: ..
C: Hello.
C: .
S: 250 2.0.0 ok: delivered as SIMULATED1
# 202 octets from <ann@example.org> would go:
#   joe@example.net -> mailer: tee -a ${mail}joe
#   jane@example.net -> mailer: tee -a ${mail}jane
C: QUIT
S: 221 2.0.0 mx.example.net closing connection
S: closed
`;

Deno.test("simulate plays what is typed, prints a transcript, and delivers nothing", async () => {
  using site = new Site();
  const mail = site.of("mail-of-");
  for (const input of [SESSION, SESSION.replaceAll("\n", "\r\n")]) {
    const { code, stdout, stderr } = await site.simulate(input);
    assert.deepEqual([code, stdout, stderr], [0, TRANSCRIPT(mail), ""]);
  }
  assert.deepEqual(site.list().toSorted(), ["policy.ts", "postmaster.yaml"]);
});

Deno.test("what simulate prints is a transcript that holds as long as the replies are the same", async () => {
  using site = new Site();
  const recorded = await site.simulate(SESSION, "--explain", "--show-message");
  assert.equal(recorded.code, 0);
  const again = await site.simulate(recorded.stdout);
  assert.deepEqual([again.code, again.stderr], [0, ""]);
  assert.equal(again.stdout, TRANSCRIPT(site.of("mail-of-")));

  site.write("policy.ts", POLICY.replace("still asleep", "asleep").replace("< 8", "< 24"));
  const changed = await site.simulate(recorded.stdout);
  const at = 1 + recorded.stdout.split("\n").indexOf("S: 550 5.1.1 unknown recipient");
  assert.equal(changed.code, 1);
  assert.equal(
    changed.stderr,
    `standard input:${at}:1: expected \`550 5.1.1 unknown recipient\`, got ` +
      "`450 4.2.0 we are asleep`\n",
  );
  assert.match(
    changed.stdout,
    /^C: RCPT TO:<nobody@example\.net>\nS: 450 4\.2\.0 we are asleep\n$/m,
  );
});

Deno.test("--explain shows which handler said no, and where mail would go", async () => {
  using site = new Site();
  const { stdout } = await site.simulate(SESSION, "--explain");
  const text = withoutTimes(stdout);
  assert.ok(
    text.includes(`
S: 550 5.1.1 unknown recipient
#   AddRcptTo <nobody@example.net>
#     postmaster             passed on
#     ./policy.ts > hours    passed on
#     ./policy.ts > members  passed on
#     local-hosts            passed on
#     defer-in-doubt         passed on
#     alias                  passed on
#     local-users            answered 550 5.1.1 unknown recipient
C: `),
    text,
  );
  assert.ok(
    text.includes(`
#         local-users            answered 250 2.1.5 recipient ok
#   sales@example.net -> joe@example.net -> mailer: tee -a ${site.of("mail-of-joe")}
#   sales@example.net -> jane@example.net -> mailer: tee -a ${site.of("mail-of-jane")}
C: `),
    text,
  );
  assert.ok(
    text.includes(`
#   Deliver
#     ./policy.ts > stamp  passed on with another body (+X-Peer)
#     core                 answered 250 2.0.0 ok: delivered as SIMULATED1
`),
    text,
  );
});

Deno.test("--ip, --tls, --auth-user and --time are what handlers see", async () => {
  using site = new Site();
  const session = SESSION.replace("sales", "members");
  const reply = async (...args: readonly string[]) => {
    const { stdout } = await site.simulate(session, ...args);
    return /members@.*\nS: (.*)/.exec(stdout)?.[1];
  };
  assert.equal(await reply(), "550 5.7.1 members only");
  assert.equal(await reply("--auth-user", "ann"), "550 5.7.1 members only");
  assert.equal(await reply("--auth-user", "ann", "--tls"), "250 2.1.5 recipient ok");
  assert.equal(await reply("--time", "2026-12-24T07:59Z"), "450 4.2.0 we are still asleep");
  assert.equal(await reply("--time", "2026-12-24T08:59+01:00"), "450 4.2.0 we are still asleep");
  const zoned = "2026-12-24T08:59[Europe/Berlin]";
  assert.equal(await reply("--time", zoned), "450 4.2.0 we are still asleep");

  const { stdout } = await site.simulate(SESSION, "--ip", "2001:DB8:0::1", "--show-message");
  assert.ok(
    stdout.includes(`
# | Received: from client.example.org ([IPv6:2001:db8::1])
# | \tby mx.example.net with SMTP id SIMULATED1
# | \tfor <sales@example.net>;
# | \tThu, 24 Dec 2026 17:00:00 +0000
# | X-Peer: 2001:db8::1
# | Subject: hello
# |
# | .
# | Hello.
C: QUIT
`),
    stdout,
  );
});

Deno.test("a time without a zone is a local one", async () => {
  using site = new Site();
  const local = new Date(2026, 11, 24, 18, 30).toUTCString().replace("GMT", "+0000");
  const { stdout } = await site.simulate(SESSION, "--time", "2026-12-24T18:30", "--show-message");
  assert.ok(stdout.includes(local), stdout);
});

Deno.test("what a handler logs, and why one broke, is a comment", async () => {
  using site = new Site({ handlers: ["./own.ts"], limits: { "handler-timeout": "1 s" } });
  site.write(
    "own.ts",
    `import { on } from "postmaster";
    export default on("SayOK", ({ argument }, next, session) => {
      if (argument === "throw") throw new Error("on\\npurpose");
      if (argument === "hang") return new Promise(() => {});
      session.log("a client said", { argument });
      return next();
    });`,
  );
  const { code, stdout, stderr } = await site.simulate("NOOP hello\nNOOP throw\nNOOP hang\n");
  assert.deepEqual([code, stderr], [0, ""]);
  const [, said, threw, hung] = stdout.split(/^C: .*$/m).map((text) => text.trim());
  assert.match(
    said!,
    /^# info {2}SIMULATED0 handler peer=\S+ .*text="a client said" argument=hello\nS: 250 2\.0\.0 ok$/,
  );
  assert.match(
    threw!,
    /^# error .*handler broke .*event=SayOK handler=\.\/own\.ts .*error="Error: on\\npurpose\\n.*\nS: 451 .*$/,
  );
  assert.match(hung!, /^# error .*handler=\.\/own\.ts .*error="did not answer in time"\nS: 451 /);
});

Deno.test("a message that could not be delivered says why", async () => {
  using site = new Site({
    mailer: { command: ["cat", "{extension}"] },
    "recipient-delimiter": "+",
  });
  const { code, stdout } = await site.simulate(SESSION.replace("sales", "joe+-x"));
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^# warning .* failed .*recipient=\S*joe\+-x@example\.net\S* .*cause="\{extension\} would be .*\nS: 554 5\.1\.3 /m,
  );
  assert.doesNotMatch(stdout, /would go/);
});

Deno.test("a simulation leaves variables that persist alone", async () => {
  using site = new Site({ "state-directory": "state", handlers: ["./own.ts"] });
  Deno.mkdirSync(site.of("state"));
  site.write(
    "own.ts",
    `import { on, say, variable } from "postmaster";
    const count = variable("global", "count", () => 0, { persist: true });
    export default on("SayOK", async (_event, _next, session) =>
      say(2, 5, 0, String(await session.tick(count))));`,
  );
  for (let i = 0; i < 2; i++) {
    const { code, stdout } = await site.simulate("NOOP\nNOOP\n");
    assert.equal(code, 0);
    assert.deepEqual(stdout.match(/(?<=250 2\.0\.0 ).*/g), ["1", "2"]);
  }
  assert.deepEqual([...Deno.readDirSync(site.of("state"))], []);
});

Deno.test("bytes that a terminal would not show are written as they are in transcripts", async () => {
  using site = new Site();
  const session = Buffer.concat([
    Buffer.from(SESSION.slice(0, SESSION.indexOf("Hello"))),
    Buffer.from("Grüße\t\\\n\xa0\x1b[2J\x80\n.\n", "utf8"),
    Buffer.from("\xe4\x9b\n.\nNOOP \xff\n", "latin1"),
  ]);
  const { code, stdout } = await site.simulate(session);
  assert.equal(code, 0);
  const lines = stdout.split("\n");
  for (
    const line of [
      "C: Grüße\t\\",
      "B: \\xc2\\xa0\\x1b[2J\\xc2\\x80\\r\\n",
      "B: \\xe4\\x9b\\r\\n",
      "B: NOOP \\xff\\r\\n",
    ]
  ) assert.ok(lines.includes(line), `${line} in ${stdout}`);
  assert.equal((await site.simulate(stdout)).stdout, stdout);
});

Deno.test("S: lines are checked as in the transcripts of tests", async () => {
  using site = new Site();
  const good = `
# EHLO in two pieces, the rest in one
S: 220 *
B: EHLO client.exam
B: ple.org\\r\\n
S: ...
C: MAIL FROM:<ann@example.org>
C: RCPT TO:<nobody@example.com>
C: QUIT
S: 250 2.1.0 sender ok
S: /^55[04] /
S: 221 *
S: closed
`;
  assert.equal((await site.simulate(good)).code, 0);
  for (
    const [wrong, message] of [
      ["C: NOOP\nS: 250 *", /:2:1: expected `250 \*`, got `220 mx/],
      ["S: 220 *\nS: 250 *", /:2:1: expected `250 \*`, but the server says nothing more$/],
      ["S: 220 *\n\nS: closed", /:3:1: expected `closed`, but the server says nothing more$/],
      ["S: closed", /:1:1: expected the end of the connection, got `220 /],
      ["S: /(/", /:1:1: Invalid regular expression/],
      [
        "C: QUIT\nS: 220 *\nS: 221 *\nS: 221 *",
        /:4:1: expected .*, but the connection was closed$/,
      ],
    ] as const
  ) {
    const { code, stderr } = await site.simulate(wrong);
    assert.equal(code, 1, wrong);
    assert.match(stderr, new RegExp(`^standard input${message.source.replace(/\$$/, "\\n$")}`));
    assert.equal(stderr.split("\n").length, 2, stderr);
  }
});

Deno.test("a session that just ends, or that the server ends, went through", async () => {
  using site = new Site();
  for (const input of ["", "\n\n", SESSION.slice(0, SESSION.indexOf("DATA"))]) {
    const { code, stderr } = await site.simulate(input);
    assert.deepEqual([code, stderr], [0, ""]);
  }
  const { code, stdout, stderr } = await site.simulate("QUIT\nNOOP\nNOOP\n");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(
    stdout,
    /\nS: closed\n# the server has closed: line 2 and those below are not sent\n$/,
  );
});

Deno.test("what cannot be typed is one line, and exit code 1", async () => {
  using site = new Site();
  const data = SESSION.slice(0, SESSION.indexOf("Hello."));
  for (
    const [input, message] of [
      ["NOOP\nNO\0OP\n", /:2:3: a NUL: in a transcript, `B: \\x00` sends one$/],
      ["NOOP\rNOOP\n", /:1:5: a CR without LF: in a transcript, `B: \\r` sends one$/],
      [`NOOP ${"x".repeat(1024 * 1024)}\n`, /:1:1: a line without end: 1 MiB is the most$/],
      ["x".repeat(5_000_000), /:1:1: a line without end: 1 MiB is the most$/],
      ["C: NOOP\nNOOP\n", /:2:1: a line begins with .*, not `NOOP`$/],
      [data, /: the message has no end: a line with nothing but a dot ends it$/],
    ] as const
  ) {
    const { code, stderr } = await site.simulate(input);
    assert.equal(code, 1);
    assert.match(stderr.trimEnd(), new RegExp(`^standard input${message.source}`));
    assert.equal(stderr.split("\n").length, 2, stderr);
  }
});

Deno.test("a client that cannot be is a wrong command line", async () => {
  for (
    const [args, message] of [
      [
        ["--ip", "192.0.2.300"],
        /'192\.0\.2\.300' is invalid\. Write an address such as 192\.0\.2\.1/,
      ],
      [["--ip", "localhost"], /Write an address/],
      [
        ["--time", "tomorrow"],
        /'tomorrow' is invalid\. Write a local time such as 2026-12-24T18:00/,
      ],
      [["--time", "2026-13-01"], /Write a local time/],
      [["--time", ""], /Write a local time/],
      [["--auth-user", ""], /Write a name/],
      [["--explian"], /Did you mean --explain\?/],
      [["session.txt"], /too many arguments/],
    ] as const
  ) {
    const { code, stdout, stderr } = await feed("", "simulate", ...args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr, message);
  }
});

Deno.test("a configuration that is wrong is said before anything is played", async () => {
  using site = new Site({ handlers: ["./gone.ts"] });
  const { code, stdout, stderr } = await site.simulate(SESSION);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^.*postmaster\.yaml:\d+:\d+: `handlers\[0\]`: .*\n$/);
});

Deno.test("a long message is played in seconds", async () => {
  using site = new Site();
  const body = `${"x".repeat(70)}\n`.repeat(100_000);
  const { code, stdout } = await site.simulate(SESSION.replace("Hello.\n", body));
  assert.equal(code, 0);
  assert.match(stdout, /^# 7200\d\d\d octets from <ann@example\.org> would go:$/m);
});
