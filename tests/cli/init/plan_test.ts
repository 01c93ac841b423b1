import assert from "node:assert/strict";
import { configuration } from "../../../src/cli/init/configuration.ts";
import type { Host } from "../../../src/cli/init/host.ts";
import { makePlan, type Plan, type Wishes } from "../../../src/cli/init/plan.ts";
import { parseConfig } from "../../../src/config/mod.ts";
import { FakeDns } from "../../../src/testing/fake_dns.ts";
import { Directory } from "../../running.ts";
import { HOST } from "./hosts.ts";

const plan = (host: Partial<Host>, wishes: Wishes = {}): Promise<Plan> =>
  makePlan(
    { ...HOST, ...host },
    { hostname: "mx.example.net", ...wishes },
    "/srv/mail",
    new FakeDns({}),
  );

const all: Host["mailers"] = ["procmail", "maildrop"];

Deno.test("root serves the people of the machine on port 25, with the first mailer that is there", async () => {
  const { listen, users, postmaster, mailer, user } = await plan({
    people: ["joe", "jane"],
    serviceUser: "mail",
    mailers: all,
  });
  assert.deepEqual([listen.value, users.value, user?.value], [["*:25"], "passwd", "mail"]);
  assert.deepEqual(postmaster, { value: "joe", why: "the oldest account of a person" });
  assert.equal(mailer.command[0], "procmail");
  assert.equal(
    mailer.why,
    "which is installed; so is maildrop (`--mailer`)",
  );
});

Deno.test("who became root by sudo is the postmaster", async () => {
  const { postmaster } = await plan({ people: ["joe", "jane"], admin: "jane" });
  assert.equal(postmaster.value, "jane");
});

Deno.test("who is not root serves nobody else, on a high port of this machine, and has no user to become", async () => {
  const { listen, users, postmaster, mailer, user } = await plan({
    isRoot: false,
    self: "jane",
    people: ["joe", "jane"],
    mailers: all,
  });
  assert.deepEqual([listen.value, users.value], [["127.0.0.1:2525"], ["jane"]]);
  assert.deepEqual([postmaster.value, user], ["jane", undefined]);
  assert.equal(mailer.value, "procmail");
});

Deno.test("where no mailer or no account is, mail becomes files", async () => {
  for (const host of [{ people: ["joe"] }, { mailers: all }, { isRoot: false, self: undefined }]) {
    const { mailer } = await plan(host);
    assert.equal(mailer.value, "maildir");
    assert.match(mailer.why, /^because /);
  }
});

Deno.test("what the command line says holds", async () => {
  const { domains, listen, mailer, addresses } = await plan({ mailers: all, people: ["joe"] }, {
    domain: ["Example.org", "example.com", "example.org"],
    listen: ["127.0.0.1:25", "[::1]:25"],
    mailer: "maildrop",
    address: ["192.0.2.1"],
  });
  assert.deepEqual(domains.value, ["example.org", "example.com"]);
  assert.deepEqual(listen.value, ["127.0.0.1:25", "[::1]:25"]);
  assert.deepEqual(addresses, ["192.0.2.1"]);
  assert.deepEqual(mailer.command, ["maildrop", "-d", "{user}"]);
});

Deno.test("every plan is a configuration without mistakes, and no line of it is too long", async () => {
  using directory = new Directory();
  directory.write("handlers.ts", "");
  for (
    const [host, wishes] of [
      [{ serviceUser: "daemon" }, {}],
      [{ people: ["joe"], mailers: all, serviceUser: "mail", systemd: true }, {}],
      [{ people: ["joe"], mailers: ["maildrop"], serviceUser: "daemon" }, {
        listen: ["*:25", "unix:/run/a b.sock"],
      }],
      [{ isRoot: false, self: "joe" }, { domain: ["a.example", "b.example"] }],
      [{ isRoot: false, self: "postmaster", mailers: all }, { mailer: "maildir" }],
    ] as readonly [Partial<Host>, Wishes][]
  ) {
    const made = await plan(host, wishes);
    const text = configuration(made);
    const here = text.replace("users: passwd", "users: [joe]"); // whom this machine may not have
    const config = parseConfig(here, directory.of("postmaster.yaml"));
    assert.equal(config.hostname, "mx.example.net");
    assert.deepEqual(config.domains, made.domains.value);
    assert.deepEqual(config.mailer.command, made.mailer.command);
    for (const line of text.split("\n")) {
      assert.ok(!line.startsWith("#") || line.length <= 100, line);
    }
  }
});

Deno.test("nothing that was found can end a comment", async () => {
  const { mailer, ...rest } = await plan({});
  const text = configuration({ ...rest, mailer: { ...mailer, where: "in /srv/a\nhandlers: []" } });
  assert.ok(!text.includes("\nhandlers: []"), text);
  assert.ok(text.includes("/srv/a\\u000ahandlers: []"), text);
});

Deno.test("only a server that root starts is told whom to become", async () => {
  const user = /^user: mail$/m;
  assert.match(configuration(await plan({ serviceUser: "mail" })), user);
  assert.doesNotMatch(configuration(await plan({ isRoot: false, serviceUser: "mail" })), user);
});
