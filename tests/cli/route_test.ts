import assert from "node:assert/strict";
import { Directory, feed, postmaster } from "../running.ts";

const POLICY = `
import { chain, discard, Mailbox, named, on, pipe, relay, say } from "postmaster";

export default chain(
  named("banned", on("Greeting", (_event, next, { peer }) =>
    peer.address === "203.0.113.9" ? say(5, 5, 4, "no mail from you", "5.7.1") : next())),
  named("helo", on("SayEhlo", ({ name }, next) =>
    name === "evil.example" ? say(5, 5, 0, ["no", "really"]) : next())),
  named("senders", on("SetMailFrom", ({ mailbox }, next, { user }) =>
    mailbox?.domain === "example.net" && user === undefined ? say(5, 5, 0, "log in") : next())),
  named("special", on("AddRcptTo", (event, next, { mailFrom, time }) => {
    const { local } = event.mailbox;
    if (local === "void") return discard();
    if (local === "night") return time.getUTCHours() < 6 ? next() : say(4, 5, 0, "at night only");
    if (local === "broken") throw new Error("no such table");
    if (local === "nowhere") return say(2, 5, 0, "ok");
    if (local === "away") return relay([Mailbox.parse("joe@example.org")]);
    if (local === "-x") return pipe(["cat", "{local}"]);
    if (local === "bounces") return mailFrom === null ? next() : say(5, 5, 0, "bounces only");
    return next();
  })),
);
`;

/** A directory with a configuration. */
class Site extends Directory {
  constructor() {
    super();
    this.write("policy.ts", POLICY);
    this.write("postmaster.yaml", {
      hostname: "mx.example.net",
      domains: ["example.net"],
      users: ["joe", "jane", "night", "bounces"],
      "recipient-delimiter": "+",
      aliases: { postmaster: "joe", sales: ["joe", "jane"], old: "gone" },
      handlers: ["./policy.ts"],
    });
  }

  route(...args: readonly string[]) {
    return postmaster("route", "--config", this.of("postmaster.yaml"), ...args);
  }
}

const procmail = (user: string) => `mailer: procmail -Y -f {sender} -d ${user}`;

Deno.test("route says where mail would go, a line a copy", async () => {
  using site = new Site();
  const addresses = ["joe@example.net", "<Joe+list@EXAMPLE.net>", "sales@example.net"];
  const others = ["postmaster", "void@anywhere.example"];
  const { code, stdout, stderr } = await site.route(...addresses, ...others);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    `joe@example.net -> ${procmail("joe")}`,
    `Joe+list@EXAMPLE.net -> joe+list@EXAMPLE.net -> ${procmail("joe")}`,
    `sales@example.net -> joe@example.net -> ${procmail("joe")}`,
    `sales@example.net -> jane@example.net -> ${procmail("jane")}`,
    `postmaster -> joe@example.net -> ${procmail("joe")}`,
    "void@anywhere.example -> discard",
  ]);
});

Deno.test("route says who refuses an address", async () => {
  using site = new Site();
  for (
    const [args, line] of [
      [["nobody@example.net"], "550 5.1.1 unknown recipient (local-users)"],
      [["old@example.net"], "550 5.1.1 unknown recipient (local-users, for gone@example.net)"],
      [["joe@example.org"], "550 5.7.1 relaying denied (local-hosts)"],
      [
        ["night@example.net", "--time", "2026-12-24T17:00Z"],
        "450 4.2.0 at night only (./policy.ts > special)",
      ],
      [
        ["bounces@example.net", "--from", "ann@example.org"],
        "550 5.7.1 bounces only (./policy.ts > special)",
      ],
      [
        ["joe@example.net", "--ip", "203.0.113.9"],
        "554 no mail from you (./policy.ts > banned, to the connection)",
      ],
      [
        ["joe@example.net", "--ip", "::ffff:203.0.113.9"],
        "554 no mail from you (./policy.ts > banned, to the connection)",
      ],
      [
        ["joe@example.net", "--helo", "evil.example"],
        "550 no / really (./policy.ts > helo, to EHLO)",
      ],
      [
        ["joe@example.net", "--from", "jane@example.net"],
        "550 5.7.1 log in (./policy.ts > senders, to MAIL)",
      ],
    ] as const
  ) {
    const { code, stdout, stderr } = await site.route(...args);
    assert.deepEqual([code, stdout, stderr], [1, `${args[0]}: ${line}\n`, ""]);
  }
});

Deno.test("route takes the client's word for the rest of the session", async () => {
  using site = new Site();
  const { code } = await site.route(
    ...["joe@example.net", "night@example.net", "bounces@example.net"],
    ...[
      "--from",
      "<>",
      "--auth-user",
      "jane",
      "--time",
      "2026-12-24T05:00Z",
      "--helo",
      "[192.0.2.7]",
    ],
  );
  assert.equal(code, 0);
  assert.equal(
    (await site.route("joe@example.net", "--from", "jane@example.net", "--auth-user", "x")).code,
    0,
  );
});

Deno.test("route --listener tries what differs between listeners", async () => {
  using site = new Site();
  site.write("postmaster.yaml", {
    hostname: "mx.example.net",
    domains: ["example.net"],
    users: ["joe"],
    postmaster: "joe",
    relay: { command: ["cat"] },
    listen: [
      "127.0.0.1:2525",
      { address: "*:587", kind: "submission", limits: { "message-size": "1 MiB" } },
    ],
    auth: { "clear-text": "loopback" },
    handlers: ["sender-login"],
  });
  const answer = async (...args: string[]) => (await site.route("ann@example.com", ...args)).stdout;
  const joe = ["--auth-user", "joe", "--from", "joe@example.net"];
  const relayed = "ann@example.com -> relay: ann@example.com\n";
  const denied = "ann@example.com: 550 5.7.1 relaying denied (local-hosts)\n";
  assert.equal(await answer(...joe), denied, "the first listener");
  assert.equal(await answer(...joe, "--listener", "smtp"), denied);
  assert.equal(await answer(...joe, "--listener", "submission"), relayed);
  assert.equal(await answer(...joe, "--listener", "*:587"), relayed);
  assert.match(await answer("--listener", "submission"), /: 530 5\.7\.0 .*to MAIL/);
  assert.match(
    await answer("--listener", "submission", "--auth-user", "eve", "--from", "joe@example.net"),
    /: 553 5\.7\.1 you may not use joe@example\.net in MAIL \(sender-login\b.*, to MAIL\)/,
  );
  const { code, stderr } = await site.route("ann@example.com", "--listener", "submissions");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /yaml:\d+:\d+: `listen`: no listener is of the kind or at the address `submissions`: /,
  );
});

Deno.test("route says what broke, and what will not arrive although it is accepted", async () => {
  using site = new Site();
  const broken = await site.route("broken@example.net");
  assert.equal(broken.code, 1);
  assert.equal(
    broken.stdout,
    "broken@example.net: 451 4.3.0 local error in processing (./policy.ts > special)\n",
  );
  assert.match(broken.stderr, /^error .* handler broke .*error="Error: no such table\\n.*\n$/);

  const nowhere = await site.route("nowhere@example.net");
  assert.match(
    nowhere.stdout,
    /: 451 4\.3\.0 local error in processing \(\.\/policy\.ts > special\)\n$/,
  );
  assert.match(nowhere.stderr, /accepted a recipient without a target/);

  const away = await site.route("away@example.net");
  assert.match(away.stdout, /^away@example\.net: 451 4\.3\.0 .* \(\.\/policy\.ts > special\)\n$/);
  assert.match(away.stderr, /there is no target \\"relay\\": set `relay` in the configuration/);

  const option = await site.route("--", "-x@example.net");
  assert.deepEqual([option.code, option.stdout], [
    1,
    "-x@example.net -> pipe: failed: {local} would be taken for an option\n",
  ]);
});

Deno.test("who is told to try again does so, and route says where the mail goes then", async () => {
  using site = new Site();
  const handlers = [{ greylist: { delay: "1 h" } }];
  const config = site.write("greylisting.yaml", {
    hostname: "mx.example.net",
    domains: ["example.net"],
    users: ["joe"],
    handlers,
    aliases: { postmaster: "joe" },
  });
  const { code, stdout } = await postmaster(
    "route",
    "--config",
    config,
    "joe@example.net",
    "nobody@example.net",
  );
  assert.equal(code, 1);
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "joe@example.net: 451 4.7.1 greylisted, please try again in 3600 seconds (greylist, at the first try)",
    `joe@example.net -> ${procmail("joe")}`,
    "nobody@example.net: 550 5.1.1 unknown recipient (local-users)",
  ]);
});

Deno.test("route --explain shows what each handler did", async () => {
  using site = new Site();
  const { stdout } = await site.route("old@example.net", "void@example.net", "--explain");
  assert.equal(
    stdout.replace(/ \(\d+\.\d ms\)$/gm, ""),
    `\
old@example.net: 550 5.1.1 unknown recipient (local-users, for gone@example.net)
  AddRcptTo <old@example.net>
    postmaster             passed on
    ./policy.ts > special  passed on
    local-hosts            passed on
    defer-in-doubt         passed on
    subaddress             passed on
    alias                  asked again
      AddRcptTo <gone@example.net>
        postmaster             passed on
        ./policy.ts > special  passed on
        local-hosts            passed on
        defer-in-doubt         passed on
        subaddress             passed on
        alias                  passed on
        local-users            answered 550 5.1.1 unknown recipient
void@example.net -> discard
  AddRcptTo <void@example.net>
    postmaster             passed on
    ./policy.ts > special  answered 250 2.1.5 recipient ok
`,
  );
});

Deno.test("an address that is none is a wrong command line", async () => {
  for (
    const [args, message] of [
      [[], /missing required argument 'address'/],
      [["joe"], /'joe' is invalid .*Write an address such as joe@example\.net\./],
      [["joe@example.net", ""], /Write an address/],
      [["joe@example.net\r\nDATA"], /Write an address/],
      [["joe@example.net", "--from", "a b"], /'--from <address>' .*Write an address/],
      [["joe@example.net", "--helo", "a b"], /'--helo <name>' .*Write a name/],
    ] as const
  ) {
    const { code, stdout, stderr } = await postmaster("route", ...args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr, message);
  }
});

Deno.test("route and simulate speak LMTP with a listener of that kind", async () => {
  using site = new Site();
  site.write("postmaster.yaml", {
    listen: ["*:25", { address: "unix:/run/lmtp.sock", kind: "lmtp" }],
    domains: ["example.net"],
    users: ["joe", "jane"],
    mailer: { command: ["procmail", "-d", "{user}"] },
  });
  const { stdout } = await site.route("joe@example.net", "--listener", "lmtp");
  assert.equal(stdout, "joe@example.net -> mailer: procmail -d joe\n");
  const said = "LHLO a\nMAIL FROM:<>\nRCPT TO:<joe@example.net>\nRCPT TO:<jane@example.net>\n" +
    "DATA\n.\nEHLO a\n";
  const config = ["--config", site.of("postmaster.yaml")];
  const played = await feed(said, "simulate", ...config, "--listener", "unix:/run/lmtp.sock");
  const codes = played.stdout.match(/(?<=^S: )\d+ /gm)?.join("");
  assert.equal(codes, "220 250 250 250 250 354 250 250 500 ");
});
