import assert from "node:assert/strict";
import {
  choose,
  isFullName,
  type Machine,
  MAILERS,
  namesOf,
  type Wishes,
} from "../../../src/cli/init/machine.ts";
import { configuration } from "../../../src/cli/init/template.ts";
import { type Config, parseConfig } from "../../../src/config/mod.ts";
import { Directory } from "../../running.ts";

/** As root sees a machine that has nothing but a name. */
const BARE: Machine = {
  names: ["mx.example.net"],
  addresses: [],
  isRoot: true,
  self: "root",
  people: [],
  admin: undefined,
  serviceUser: "daemon",
  mailers: [],
};

const all = MAILERS.slice(0, 2);

/** The text that init writes for a machine. */
const written = (machine: Partial<Machine>, wishes: Wishes = {}, mail = "/srv/mail"): string =>
  configuration(choose({ ...BARE, ...machine }, wishes), mail);

/** The configuration that `text` is, on a machine with the users joe and jane. */
function read(text: string): Config {
  using directory = new Directory();
  directory.write("handlers.ts", "");
  return parseConfig(
    text.replace("users: passwd", "users: [joe, jane]"),
    directory.of("postmaster.yaml"),
  );
}

const names = ["mx.example.net", "example.net", "MX.Example.NET.", "xn--bcher-kva.example"];
for (const name of names) {
  Deno.test(`${name} is a full name`, () => assert.ok(isFullName(name)));
}

const others = [
  ...["mx", "mx.local", "localhost.localdomain", "ip-10-0-0-1.ec2.internal", "192.0.2.1"],
  ...["[192.0.2.1]", "mx.example.net..", "no_domain.example", "a b.example", "mx..net", "", "."],
];
for (const name of others) {
  Deno.test(`"${name}" is no full name`, () => assert.ok(!isFullName(name)));
}

Deno.test("a machine's names are those of the kernel and of hostname(5), then its line of hosts(5)", () => {
  const hosts = "127.0.0.1 localhost\n# 127.0.1.1 old.example.net mx\n" +
    "127.0.1.1\tmx.example.net  MX # this one\n192.0.2.7 other.example.net other\n";
  assert.deepEqual(namesOf("mx", "mx\n", hosts), ["mx", "mx", "mx.example.net", "MX"]);
  assert.deepEqual(namesOf("mx", "", ""), ["mx"]);
});

Deno.test("the first full name is the machine's, in lower case", () => {
  const config = read(written({ names: ["mx", "MX.Example.net", "a.example.net"] }));
  assert.equal(config.hostname, "mx.example.net");
});

Deno.test("a machine without a full name is told to say it", () => {
  assert.throws(() => written({ names: ["vm"] }), {
    message: "this machine calls itself `vm`, which is no full name: say the full name, " +
      "such as --hostname mx.example.net",
  });
  assert.throws(() => written({ names: [] }), /this machine has no name, .*--hostname/);
});

Deno.test("only what is named like a mail exchanger takes the domain above it", () => {
  for (
    const [hostname, domain] of [
      ["mx.example.net", "example.net"],
      ["mx1.example.net", "example.net"],
      ["mail-2.example.co.uk", "example.co.uk"],
      ["vps12345.provider.example", "vps12345.provider.example"],
      ["shop.co.uk", "shop.co.uk"],
      ["example.net", "example.net"],
      ["mail.net", "mail.net"],
    ] as const
  ) assert.deepEqual(read(written({}, { hostname })).domains, [domain]);
});

Deno.test("root serves the people of the machine on port 25, with the first mailer that is there", () => {
  const text = written({ people: ["joe", "jane"], serviceUser: "mail", mailers: all });
  const config = read(text);
  assert.match(text, /^listen: \["\*:25"\]$/m);
  assert.match(text, /^users: passwd$/m);
  assert.match(text, /^user: mail$/m);
  assert.match(text, /^postmaster: joe$/m);
  assert.equal(config.mailer.command[0], "procmail");
});

Deno.test("root is told to make the account that the server becomes, if there is none", () => {
  assert.match(
    written({ serviceUser: undefined }),
    /useradd --system postmaster\nuser: postmaster\n/,
  );
});

Deno.test("who became root by sudo is the postmaster", () => {
  assert.match(written({ people: ["joe", "jane"], admin: "jane" }), /^postmaster: jane$/m);
});

Deno.test("who is not root serves nobody else, on a high port of this machine, and has no user to become", () => {
  const machine = { isRoot: false, self: "jane", people: ["joe", "jane"], serviceUser: "mail" };
  const text = written({ ...machine, mailers: all });
  assert.match(text, /^listen: \["?127\.0\.0\.1:2525"?\]$/m);
  assert.match(text, /^users: \[jane\]$/m);
  assert.match(text, /^postmaster: jane$/m);
  assert.doesNotMatch(text, /^user:/m);
  assert.equal(read(text).mailer.command[0], "procmail");
});

Deno.test("where no mailer or no account is, mail becomes files", () => {
  for (
    const machine of [
      { people: ["joe"] },
      { mailers: all },
      { isRoot: false, self: undefined, mailers: all },
    ]
  ) assert.equal(read(written(machine)).mailer.command[0], "/bin/sh");
});

Deno.test("what the command line says holds", () => {
  const wishes: Wishes = {
    domain: ["Example.org", "example.com", "example.org"],
    listen: ["127.0.0.1:25", "[::1]:25"],
    mailer: "maildrop",
    address: ["192.0.2.1"],
  };
  const machine = { ...BARE, mailers: all, people: ["joe"] };
  assert.deepEqual(choose(machine, wishes).addresses, ["192.0.2.1"]);
  const config = read(written(machine, wishes));
  assert.deepEqual(config.domains, ["example.org", "example.com"]);
  assert.equal(config.listen.length, 2);
  assert.deepEqual(config.mailer.command, ["maildrop", "-d", "{user}"]);
});

Deno.test("every machine gets a configuration without mistakes, and no comment is too long", () => {
  for (
    const [machine, wishes] of [
      [{ serviceUser: "daemon" }, {}],
      [{ people: ["joe"], mailers: all, serviceUser: "mail" }, {}],
      [{ people: ["joe"], mailers: ["maildrop"], serviceUser: "daemon" }, {
        listen: ["*:25", "unix:/run/a b.sock"],
      }],
      [{ isRoot: false, self: "joe" }, { domain: ["a.example", "b.example"] }],
      [{ isRoot: false, self: "postmaster", mailers: all }, { mailer: "maildir" }],
    ] as readonly [Partial<Machine>, Wishes][]
  ) {
    const text = written(machine, wishes);
    assert.equal(read(text).hostname, "mx.example.net");
    for (const line of text.split("\n")) {
      assert.ok(!line.startsWith("#") || line.length <= 100, line);
    }
  }
});

Deno.test("nothing that was found can become a key", () => {
  const text = written({}, {}, "/srv/a\nhandlers: []\n\n\n{b}");
  assert.doesNotMatch(text, /^handlers: \[\]/m);
  assert.equal(read(text).mailer.command.at(-2), "/srv/a\nhandlers: []\n\n\n{{b}}/{user}");
});
