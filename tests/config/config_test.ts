import assert from "node:assert/strict";
import { hostname } from "node:os";
import { z } from "zod";
import { build, describe, loadConfig, settingsSchema } from "../../src/config/mod.ts";
import { handlerNames } from "../../src/handler/handler.ts";
import { DEFAULT_LIMITS } from "../../src/server/limits.ts";
import { parseConfig } from "./with_postmaster.ts";

Deno.test("loadConfig() has a default for everything", () => {
  const config = loadConfig(undefined);
  assert.equal(config.hostname, hostname());
  assert.deepEqual(config.listen, [{
    address: { transport: "tcp", hostname: "127.0.0.1", port: 2525 },
    kind: "smtp",
    limits: {},
  }]);
  assert.deepEqual(config.domains, []);
  assert.deepEqual(config.limits, DEFAULT_LIMITS);
  assert.equal(config.users.count, 1, "who runs it, for postmaster");
  assert.equal(config.relay, undefined);
  assert.equal(config.targets.get("relay"), undefined);
  assert.equal(config.log.sinks.stderr, true);
});

Deno.test("parseConfig() reads every key", () => {
  const config = parseConfig(
    `
hostname: mail.example.net
listen: ["*:25", "unix:/run/p.sock"]
domains: [example.net, Example.org]
users: [joe, jane]
recipient-delimiter: "+"
aliases:
  webmaster: joe
  all@example.net: [joe, jane@example.org, friend@else.example]
mailer:
  command: [/usr/bin/maildrop, -d, "{user}"]
  user: root
  concurrency: 5
  timeout: 1 min
relay: {command: [/usr/sbin/sendmail, -i, --, "{recipient}"]}
deliver: before-reply
handlers: [trace, impatient: {bound: 5}]
limits: {recipients: 50, message-size: 10 MB, text-line: 1000, command-timeout: 30 s}
log: {level: debug, format: json, stderr: false, file: p.log, syslog: {host: log.example.net}}
`,
    "/etc/postmaster.yaml",
  );
  assert.equal(config.listen.length, 2);
  assert.equal(config.users.find({ local: "jane" }), "jane");
  assert.equal(config.aliases.count, 3, "with postmaster");
  assert.notEqual(config.targets.get("relay"), undefined);
  assert.deepEqual(config.limits, {
    ...DEFAULT_LIMITS,
    recipients: 50,
    messageSize: 10e6,
    textLine: 1000,
    commandTimeout: 30_000,
  });
  assert.deepEqual(config.log, {
    level: "debug",
    format: "json",
    sinks: { stderr: false, file: "/etc/p.log", syslog: { host: "log.example.net", port: 514 } },
  });
});

Deno.test("parseConfig() takes `unlimited` where there may be no limit", () => {
  assert.equal(parseConfig("limits: {text-line: unlimited}", "p").limits.textLine, undefined);
});

Deno.test("loadConfig() prefers flags to the file", () => {
  const overrides = {
    listen: [":0"],
    hostname: "flag.example",
    logLevel: "error",
    handlers: ["trace"],
  };
  const config = parseConfig(
    "listen: '*:25'\nhostname: file.example\nlog: {level: debug, format: json}\nhandlers: [impatient]",
    "p.yaml",
    overrides,
  );
  assert.deepEqual(config.listen, [{
    address: { transport: "tcp", hostname: "::", port: 0 },
    kind: "smtp",
    limits: {},
  }]);
  assert.equal(config.hostname, "flag.example");
  assert.equal(config.log.level, "error");
  assert.equal(config.log.format, "json");
  assert.deepEqual(config.handlers.map(({ name }) => name), ["trace"]);
});

Deno.test("build() puts the operator's handlers outside of the server's own", async () => {
  const { policy } = await build(parseConfig("handlers: [trace, impatient: {bound: 5}]", "p"));
  assert.deepEqual(handlerNames(policy), [
    "postmaster",
    "trace",
    "impatient",
    "local-hosts",
    "defer-in-doubt",
    "alias",
    "local-users",
  ]);
});

Deno.test("describe() says what the server would do", () => {
  const text = describe(parseConfig(
    `
hostname: mail.example.net
listen: ["127.0.0.1:2525", "*:25"]
domains: [example.net]
users: [joe]
aliases: {webmaster: joe}
postmaster: [webmaster, joe]
mailer: {command: [no-such-mailer, "{user}"]}
state-directory: /tmp/state
dns: {servers: [127.0.0.1, "[::1]:5353"]}
limits: {recipients: 50}
`,
    "p",
  ));
  assert.deepEqual(text, [
    "hostname: mail.example.net",
    "listens on: 127.0.0.1:2525, *:25",
    "accepts mail for: example.net",
    "users: 1, from a list",
    "aliases: 2",
    "postmaster: webmaster@example.net, joe@example.net",
    "mailer: no-such-mailer {user} (warning: there is no such program)",
    "relay: none: no mail leaves, and bounces reach only senders here",
    "handlers: none of your own",
    "dns: 127.0.0.1, [::1]:5353",
    "limits: recipients: 50",
    "log: info and above, as text, to standard error",
  ]);
});

Deno.test("describe() says what a listener for submission does", () => {
  const lines = (more: string) =>
    describe(parseConfig(
      `
listen:
  - 127.0.0.1:2525
  - { address: 127.0.0.1:2587, kind: submission, limits: { message-size: 100 MiB, text-line: unlimited } }
auth: { clear-text: loopback }
users: [joe]
postmaster: joe
domains: [example.net]
${more}`,
      "p",
    )).slice(1, 4);
  const [listens, refuses, authenticates] = lines("");
  assert.equal(
    listens,
    "listens on: 127.0.0.1:2525, 127.0.0.1:2587 (submission, message-size: 100 MiB, text-line: unlimited)",
  );
  assert.equal(refuses, "submission: mail of users to other domains is refused");
  assert.equal(
    authenticates,
    "auth: PLAIN, LOGIN at listeners for submission, submissions, on this machine also without TLS",
  );
  const [, relays] = lines("relay: { command: [cat] }");
  assert.equal(relays, "submission: mail of users to other domains goes to `relay`");
});

Deno.test("settingsSchema describes every key", () => {
  type Property = { description?: string; properties?: Record<string, Property> };
  const check = (name: string, { description, properties = {} }: Property) => {
    assert.ok(name === "" || description !== undefined, `${name} has no description`);
    for (const [key, inner] of Object.entries(properties)) check(`${name}.${key}`, inner);
  };
  check("", z.toJSONSchema(settingsSchema, { io: "input" }) as Property);
});
