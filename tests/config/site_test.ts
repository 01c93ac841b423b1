import assert from "node:assert/strict";
import { build } from "../../src/config/mod.ts";
import { Mailbox, parsePath } from "../../src/smtp/mailbox.ts";
import { procmail } from "../../src/targets/pipe.ts";
import { type Asking, asking, routes, status } from "../handlers/ask.ts";
import { parseConfig } from "./with_postmaster.ts";

const SITE = `
domains: [example.net, example.org]
users: [joe, jane]
recipient-delimiter: "+"
aliases:
  webmaster: joe
  all@example.net: [joe, jane, joe]
  joe: [joe, jane]
  "@example.org": jane
`;

async function site(text: string): Promise<Asking> {
  return asking((await build(parseConfig(text, "/etc/postmaster.yaml"))).policy);
}

Deno.test("a user is reached in every local domain, whatever its case", async () => {
  const { rcpt } = await site(SITE);
  assert.deepEqual(routes(await rcpt("jane@example.net")), ["jane@example.net -> mailer"]);
  assert.deepEqual(routes(await rcpt("jane@EXAMPLE.org")), ["jane@EXAMPLE.org -> mailer"]);
});

Deno.test("a user is reached in capitals, and with an extension", async () => {
  const { rcpt } = await site(SITE);
  assert.deepEqual(routes(await rcpt("JANE@example.net")), ["jane@example.net -> mailer"]);
  assert.deepEqual(routes(await rcpt("Jane+List+X@example.net")), [
    "jane+List+X@example.net -> mailer",
  ]);
});

Deno.test("a user with capitals is reached by them", async () => {
  const { rcpt } = await site("domains: [a.example]\nusers: [Joe]");
  assert.deepEqual(routes(await rcpt("Joe@a.example")), ["Joe@a.example -> mailer"]);
  assert.equal((await rcpt("joe@a.example")).code, 550);
});

Deno.test("an unknown recipient is 5.1.1, a foreign domain 5.7.1", async () => {
  const { rcpt } = await site(SITE);
  assert.equal(status(await rcpt("nobody@example.net")), "550 5.1.1");
  assert.equal(status(await rcpt("jane+@example.com")), "550 5.7.1");
  assert.equal(
    status(await rcpt("webmaster@example.com")),
    "550 5.7.1",
    "an alias of ours elsewhere",
  );
});

Deno.test("aliases lead to users, lists explode, and a catch-all takes whom nobody knows", async () => {
  const { rcpt } = await site(SITE);
  assert.deepEqual(routes(await rcpt("webmaster@example.net")), [
    "joe@example.net -> mailer",
    "jane@example.net -> mailer",
  ]);
  assert.deepEqual(routes(await rcpt("all@example.net")), [
    "joe@example.net -> mailer",
    "jane@example.net -> mailer",
  ]);
  assert.deepEqual(routes(await rcpt("all@example.org")), ["jane@example.org -> mailer"]);
});

Deno.test("the bare postmaster is that of the first domain", async () => {
  const bare = new Mailbox("Postmaster", "");
  const { rcpt } = await site(`${SITE}  postmaster@example.net: jane`);
  assert.deepEqual(routes(await rcpt(bare)), ["jane@example.net -> mailer"]);
  assert.deepEqual(routes(await rcpt("POSTMASTER@example.net")), ["jane@example.net -> mailer"]);
});

Deno.test("an alias that leads elsewhere is relayed, and nothing else is", async () => {
  const { rcpt } = await site(`
domains: [example.net]
users: [joe]
aliases: {friends: [joe, ann@else.example]}
relay: {command: [/usr/sbin/sendmail, -i, --, "{recipient}"]}
`);
  const reply = await rcpt("friends@example.net");
  assert.deepEqual(routes(reply), ["joe@example.net -> mailer", "ann@else.example -> relay"]);
  assert.deepEqual(reply.routes?.[1]?.target.args, { recipients: ["ann@else.example"] });
  assert.equal(status(await rcpt("ann@else.example")), "550 5.7.1");
});

const RELAY = `
domains: [example.net]
users: [joe]
aliases: {friends: ann@else.example}
relay: {command: [/usr/sbin/sendmail, -i, --, "{recipient}"]}
`;

/** The forms in which others have asked a server to relay. */
const RELAY_FORMS = [
  "<joe@else.example>",
  "<joe%else.example@example.net>",
  "<joe%else.example@[127.0.0.1]>",
  '<"joe%else.example"@example.net>',
  '<"joe@else.example"@example.net>',
  '<"joe@else.example"@[127.0.0.1]>',
  '<"friends@example.net"@example.net>',
  "<else.example!joe@example.net>",
  '<"else.example!joe"@example.net>',
  "<else.example!joe@[127.0.0.1]>",
  "<@example.net:joe@else.example>",
  "<@[127.0.0.1]:joe@else.example>",
  "<@example.net,@else.example:joe@else.example>",
  '<@example.net:"joe@else.example"@else.example>',
  "<joe@[127.0.0.1]>",
  "<joe@[IPv6:::1]>",
  "<joe@example.net.else.example>",
  "<joe@else.example.example.net>",
  '<"joe@else.example\\"\\""@example.net>',
  '<"-oQ/tmp"@example.net>',
  '<""@example.net>',
];

for (const form of RELAY_FORMS) {
  Deno.test(`RCPT TO:${form} is refused`, async () => {
    const path = parsePath(form, 0);
    assert.ok(!("fault" in path) && path.mailbox !== null, "the form must be one that parses");
    const reply = await (await site(RELAY)).rcpt(path.mailbox);
    assert.equal(reply.code, 550);
    assert.deepEqual(routes(reply), []);
  });
}

Deno.test("the default mailer is run like procmail()", () => {
  const { mailer } = parseConfig("", "p");
  const { argv, nullSender } = procmail("{user}").args;
  const literal = mailer.command.map((argument) => argument === "{user}" ? "{{user}}" : argument);
  assert.deepEqual(literal, argv);
  assert.equal(mailer.nullSender, nullSender);
});

Deno.test("an alias may lead to the same name elsewhere: that is no circle", async () => {
  const { rcpt } = await site(`
domains: [example.net]
users: [joe]
aliases: {postmaster: root, root: postmaster@example.com}
relay: {command: [sendmail]}
`);
  assert.deepEqual(routes(await rcpt("postmaster@example.net")), [
    "postmaster@example.com -> relay",
  ]);
});

const SIMILAR = `
domains: [example.net]
users: [jean, jean-luc, a]
recipient-delimiter: "-"
aliases:
  jean-luc-press: [jean]
  list: [a, list-archive]
  list-archive: jean-luc
  "a-b@example.net": jean
  "@example.net": jean-luc
`;

Deno.test("the whole local part goes first, then ever shorter ones, and the catch-all last", async () => {
  const { rcpt } = await site(SIMILAR);
  const users = async (local: string) => {
    const { routes = [] } = await rcpt(new Mailbox(local, "example.net"));
    return routes.map(({ user, extension }) => `${user} ${extension ?? "none"}`).join();
  };
  for (
    const [local, wanted] of [
      ["jean", "jean none"],
      ["jean-luc", "jean-luc none"],
      ["Jean-Luc-Picard", "jean-luc Picard"],
      ["jean-x-y", "jean x-y"],
      ["jean-lu", "jean lu"],
      ["jean-luc-press", "jean none"],
      ["jean-luc-press-x", "jean none"],
      ["jean-luc-x-y", "jean-luc x-y"],
      ["a-b-c", "jean none"],
      ["a-c-b", "a c-b"],
      ["list", "a none,jean-luc none"],
      ["who-x", "jean-luc none"],
    ] as const
  ) assert.equal(await users(local), wanted, local);
});

Deno.test("aliases that go in a circle over an extension are a mistake", () => {
  const circle = 'users: [joe]\ndomains: [a.example]\nrecipient-delimiter: "+"\naliases: ';
  assert.throws(
    () => parseConfig(`${circle}{a: b+x, b: a+y}`, "p"),
    /in a circle, b\+x@a\.example -> a\+y@a\.example -> b\+x@a\.example/,
  );
  assert.equal(parseConfig(`${circle}{joe: [joe+copy]}`, "p").aliases.count, 2);
});

/** A site around which a handler serves `virtual.example`, and whose clients may relay. */
const SERVED = `
domains: [example.net]
users: [joe]
relay: {command: [sendmail]}
handlers:
  - alias: {postmaster@example.net: ann@virtual.example}
  - relay-to: {networks: [192.0.2.0/24]}
  - virtual-users: {file: VIRTUAL}
postmaster: joe
aliases: {sales: [ann@virtual.example, gone@virtual.example, bob@else.example]}
`;

async function served(text: string, use: (asking: Asking) => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "ann@virtual.example: ann\n");
    await use(await site(text.replace("VIRTUAL", file)));
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("an alias is delivered where a handler serves its domain, and relayed where nobody does", () =>
  served(SERVED.replace(/ {2}- relay-to.*\n/, ""), async ({ rcpt }) => {
    const reply = await rcpt("sales@example.net");
    assert.deepEqual(routes(reply), [
      "ann@virtual.example -> mailer",
      "gone@virtual.example -> relay",
      "bob@else.example -> relay",
    ]);
    assert.equal(
      status(await rcpt("bob@else.example")),
      "550 5.7.1",
      "what a client asks for is not",
    );
  }));

Deno.test("the bare postmaster reaches the aliases of handlers, and is relayed for nobody", () =>
  served(SERVED, async ({ rcpt }) => {
    assert.deepEqual(routes(await rcpt(new Mailbox("PostMaster", ""))), [
      "ann@virtual.example -> mailer",
    ]);
    await served(
      SERVED.replace("[example.net]", "[]").replace(/aliases.*/, ""),
      async (nowhere) => {
        const bare = await nowhere.rcpt(new Mailbox("postmaster", ""));
        assert.match(routes(bare).join(), /^joe@\S+ -> mailer$/);
      },
    );
    const anywhere = SERVED.replace("[example.net]", "[]").replace(
      "postmaster@example.net",
      "postmaster",
    );
    await served(anywhere.replace(/aliases.*/, ""), async (nowhere) => {
      const bare = await nowhere.rcpt(new Mailbox("postmaster", ""));
      assert.deepEqual(routes(bare), ["ann@virtual.example -> mailer"]);
    });
  }));

Deno.test("an alias to another domain is a mistake only where no handler could serve that", () => {
  const text = "domains: [a.example]\naliases: {sales: ann@virtual.example}\nusers: [postmaster]\n";
  assert.throws(() => parseConfig(text, "p"), /nor is there a handler for it/);
  assert.equal(parseConfig(`${text}handlers: [passwd]`, "p").aliases.count, 1);
});
