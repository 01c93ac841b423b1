/**
 * The handlers for mail that users submit.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parseHeader } from "@haraka/email-address";
import fc from "fast-check";
import { chain, discard, type Event, type Handler, on, say } from "postmaster";
import { ask, Client, ENCRYPTED, FakeClock, mail, MemoryStore } from "postmaster/testing";
import {
  alias,
  authLimit,
  complete,
  localHosts,
  localUsers,
  NamedUsers,
  relayTo,
  requireAuth,
  requireTls,
  senderLogin,
  type SenderLoginOptions,
  subaddress,
} from "postmaster/handlers";
import { withDomains } from "../../handlers/address_words.ts";
import { parseOwners } from "../../handlers/sender_owners.ts";
import { Directory } from "../running.ts";

const everybody = on("AddRcptTo", () => discard());
const status = async (...asked: Parameters<typeof ask>): Promise<string> => {
  const { code, enhanced } = await ask(...asked);
  return `${code} ${enhanced}`;
};
const ASKED: readonly Event[] = [
  mail("joe@example.net"),
  mail(null),
  { type: "Verify", argument: "joe" },
  { type: "Expand", argument: "all" },
];

Deno.test("requireTls() refuses what is said in clear text", async () => {
  for (const event of ASKED) {
    assert.equal(await status(requireTls(), event), "530 5.7.0", event.type);
    assert.equal(await status(requireTls(), event, { user: "joe" }), "530 5.7.0");
    assert.notEqual(await status(requireTls(), event, { tls: ENCRYPTED }), "530 5.7.0");
  }
});

Deno.test("requireAuth() refuses strangers", async () => {
  for (const event of ASKED) {
    assert.equal(await status(requireAuth(), event, { tls: ENCRYPTED }), "530 5.7.0", event.type);
    assert.notEqual(await status(requireAuth(), event, { user: "joe" }), "530 5.7.0");
  }
});

Deno.test("authLimit() counts what a user sends in all his sessions", async () => {
  const clock = new FakeClock();
  const start = Date.parse("2026-01-01T00:00:00Z");
  const now = () => start + clock.now;
  const globals = new MemoryStore({ now });
  const policy = chain(
    authLimit({ messages: 3, recipients: 4 }),
    on("Deliver", async (_event, next, { recipients: [{ local } = { local: "" }] }) => {
      const reply = await next();
      return local === "spam" ? say(5, 5, 4, "spam") : reply;
    }),
    everybody,
  );
  const send = async (user: string | undefined, ...to: readonly string[]) => {
    const client = await connected(policy, { clock, globals, time: new Date(now()), user });
    const { code, lines } = await client.command("MAIL FROM:<joe@example.net>");
    if (code !== 250) return `MAIL ${code} ${lines[0]}`;
    for (const one of to) {
      const { code, enhanced } = await client.command(`RCPT TO:<${one}@example.org>`);
      if (code === 250) continue;
      client.hangUp();
      return `RCPT ${code} ${enhanced}`;
    }
    await client.command("DATA");
    return `${(await client.command("Subject: x\r\n\r\n.")).code}`;
  };
  assert.equal(await send("joe", "ann"), "250");
  assert.equal(await send("joe", "spam"), "554", "it does not count");
  assert.equal(await send("joe", "ann", "bob", "eve", "dan"), "RCPT 450 4.7.1");
  assert.equal(await send("joe", "ann", "bob"), "250");
  assert.equal(await send("joe", "ann"), "250");
  assert.equal(await send("joe", "ann"), "MAIL 450 too many messages, try again in 1200 seconds");
  assert.equal(await send("jane", "ann"), "250", "others have counts of their own");
  for (let i = 0; i < 5; i++) assert.equal(await send(undefined, "ann"), "250", "no user");
  clock.advance(1200_000);
  assert.equal(await send("joe", "ann"), "250");
  assert.throws(() => authLimit({}), /of what\? give `messages`, `recipients` or both/);
});

/** A site with users, aliases, a list and an alias that leads elsewhere. */
const SITE = chain(
  relayTo({ users: true }),
  localHosts(["example.net", "example.org"]),
  subaddress(),
  alias({
    "sales@example.net": "joe",
    "team@example.net": ["joe", "jane"],
    "jane@example.net": ["jane", "jane@example.com"],
    "gone@example.net": "joe@example.com",
    "both@example.net": ["joe", "joe@example.com"],
    "@example.org": "jane@example.net",
  }),
  localUsers(new NamedUsers(["joe", "jane"])),
);

Deno.test("senderLogin() without options lets users use what leads to their own mailboxes", async () => {
  const policy = chain(senderLogin(), SITE);
  const may = async (user: string, address: string | null) =>
    await status(policy, mail(address), { user });
  for (
    const own of [
      "joe@example.net",
      "Joe@Example.NET",
      "joe@example.org",
      "joe+x@example.net",
      "sales@example.net",
      "sales+x@example.net",
    ]
  ) assert.equal(await may("joe", own), "250 2.1.0", own);
  for (
    const other of [
      "jane@example.net",
      "team@example.net",
      "nobody@example.net",
      "joe@example.com",
      "gone@example.net",
      "both@example.net",
      "anybody@example.org",
      '"joe@example.net"@example.com',
      "joe%example.net@example.com",
    ]
  ) assert.equal(await may("joe", other), "553 5.7.1", other);
  assert.equal(await may("jane", "jane@example.net"), "250 2.1.0", "with a copy elsewhere");
  assert.equal(await may("jane", "anybody@example.org"), "250 2.1.0", "a catch-all");
  assert.equal(await may("joe", null), "250 2.1.0", "notices");
  assert.equal(await may("joe@example.net", "sales@example.net"), "250 2.1.0", "by address");
  assert.equal(await may("joe@example.com", "joe@example.net"), "553 5.7.1", "another joe");
  const deferring = chain(senderLogin(), on("AddRcptTo", () => say(4, 5, 1, "not now")));
  assert.equal(await status(deferring, mail("joe@example.net"), { user: "joe" }), "451 4.3.0");
});

Deno.test("senderLogin() goes by a table of users, or of addresses as Postfix has it", async () => {
  using directory = new Directory();
  const file = directory.write(
    "senders",
    "# address users\nJoe@example.net  joe\nsales@example.net joe, jane\n@example.org\tjoe\n" +
      "jane@example.org jane\n",
  );
  const users = {
    joe: ["joe@example.net", "sales@example.net", "@example.org"],
    jane: ["sales@example.net", "jane@example.org"],
  };
  for (const options of [{ file }, { users }]) {
    const policy = chain(senderLogin(options), SITE);
    const allowed = async (user: string | undefined, address: string) =>
      (await ask(policy, mail(address), { ...(user && { user }) })).code === 250;
    for (const one of ["joe@example.net", "sales@example.net", "any@EXAMPLE.org"]) {
      assert.ok(await allowed("joe", one), one);
    }
    for (
      const one of ["joe+x@example.net", "jane@example.org", "any@a.example.org", "a@b.example"]
    ) {
      assert.ok(!await allowed("joe", one), `${one} is not in the table, or another's`);
    }
    assert.ok(await allowed("jane", "sales@example.net"));
    assert.ok(!await allowed("jane", "jane@example.net"), "the table alone counts");
    assert.ok(!await allowed("eve", "joe@example.net"));
    assert.ok(await allowed(undefined, "joe@example.net"), "strangers are others' business");
    const more = chain(senderLogin({ ...options, mailboxes: true }), SITE);
    assert.equal(await status(more, mail("jane@example.net"), { user: "jane" }), "250 2.1.0");
  }
  assert.throws(() => parseOwners("joe", file), /senders:1:1: `joe` is no address with its users/);
  assert.throws(() => parseOwners("joe joe", file), /`joe` has no domain: write joe@example.net/);
  assert.throws(() => senderLogin({ file, users }), /keep one of the two/);
  assert.throws(() => senderLogin({ mailboxes: false }), /nobody could send/);
});

Deno.test("senderLogin({ strangers: false }) keeps the addresses of users from strangers", async () => {
  const table: SenderLoginOptions = { users: { joe: "joe@example.net" }, strangers: false };
  const byTable = chain(senderLogin(table), SITE);
  const byMailbox = chain(senderLogin({ strangers: false }), SITE);
  for (const policy of [byTable, byMailbox]) {
    assert.equal(await status(policy, mail("joe@example.net")), "553 5.7.1");
    assert.equal(await status(policy, mail("joe@example.com")), "250 2.1.0");
    assert.equal(await status(policy, mail("nobody@example.net")), "250 2.1.0");
    assert.equal(await status(policy, mail(null)), "250 2.1.0");
    assert.equal(await status(policy, mail("joe@example.net"), { user: "joe" }), "250 2.1.0");
  }
  assert.equal(await status(byMailbox, mail("team@example.net")), "553 5.7.1", "also lists");
});

Deno.test("senderLogin() looks at the authors in the message, however they are written", async () => {
  const policy = chain(
    senderLogin({ users: { joe: ["joe@example.net", "sales@example.net", "@example.org"] } }),
    everybody,
  );
  const answer = async (header: string, user = "joe") => {
    const client = await connected(policy, { user });
    await client.command("MAIL FROM:<joe@example.net>");
    await client.command("RCPT TO:<ann@example.com>");
    await client.command("DATA");
    const { code, enhanced } = await client.command(`${header}\r\n\r\nhello\r\n.`);
    assert.equal(client.kept.length, code === 250 ? 1 : 0);
    return `${code} ${enhanced}`;
  };
  for (
    const header of [
      "From: joe@example.net",
      "FROM : <Joe@Example.NET>",
      'From: "Joe, of Sales" <sales@example.net>',
      "From: =?utf-8?q?J=C3=B6e?= <joe@example.net>",
      "From: J\u00f6e <joe@example.net>",
      "From: Joe\r\n <joe@example.net>\r\n (from Sales)",
      "From: joe@example.net, sales@example.net",
      "From: Sales: joe@example.net, Anybody <any@example.org>;",
      'From: "joe"@example.net',
      'From: "Joe" <"joe"@example.net>, "a b"@example.org, joe@example.net,sales@example.net',
      "From: joe@example.net\r\nSender: sales@example.net",
      "From: ann@example.com, joe@example.net\r\nSender: joe@example.net",
      "Subject: x\r\nReply-To: ann@example.com\r\nFrom: joe@example.net",
    ]
  ) assert.equal(await answer(header), "250 2.0.0", header);
  for (
    const header of [
      "Subject: nobody",
      "From: ann@example.com",
      "From: <ann@example.com>",
      "From: joe@example.net <ann@example.com>",
      "From: ann@example.com <joe@example.net>",
      'From: "joe@example.net" <ann@example.com>',
      "From: joe@example.net, ann@example.com",
      "From: joe@example.net,\r\n ann@example.com",
      "From: x: joe@example.net, ann@example.com;",
      "From: undisclosed:;",
      "From:",
      "From: joe",
      "From: joe@example.net\r\nFrom: ann@example.com",
      "From: joe@example.net\r\nfrom : joe@example.net",
      "From: joe@example.net\r\nSender: ann@example.com",
      "From: joe@example.net\r\nSender: joe@example.net\r\nSender: ann@example.com",
      "From: joe@example.net\r\nSender:",
      "From: ann@example.com\r\nSender: joe@example.net",
      "From: ann@example.com, bob@example.com\r\nSender: joe@example.net",
      "From: joe@example.net (ann@example.com",
      "From: joe@example.net>, <ann@example.com",
      "From: joe@example.net; ann@example.com",
      'From: "joe@example.net',
      "From: joe@example.net\\@example.com",
      "From: =?utf-8?q?ann=40example.com?=",
      "From: joe.(x)ann@example.org",
      "From: joe@(x)example.net",
      "From: joe @ example.net",
      'From: "joe.ann@example.org" <joe.(x)ann@example.org>',
      "From: (joe.ann@example.org) <joe.(x)ann@example.org>",
      "From: =?utf-8?q?ann=40example.com=00?=@example.org",
      'From: "joe@example.net"@example.com',
      `From: ${Array<string>(101).fill("joe@example.net").join(", ")}`,
    ]
  ) assert.equal(await answer(header), "550 5.7.1", header);
  assert.equal(await answer(`From: joe@example.net\r\n${"X: y\r\n".repeat(200_000)}`), "552 5.3.4");
});

Deno.test("complete() adds a domain to addresses that are a local part alone, and to nothing else", () => {
  for (
    const [before, after] of [
      [" joe", " joe@example.net"],
      [" <joe>", " <joe@example.net>"],
      [" joe,jane , bob@example.com", " joe@example.net,jane@example.net , bob@example.com"],
      [' "Joe, of Sales" < joe >', ' "Joe, of Sales" < joe@example.net >'],
      [" Joe (of <Sales>, (us)) <joe>", " Joe (of <Sales>, (us)) <joe@example.net>"],
      [" joe (Joe)", " joe@example.net (Joe)"],
      [" Sales: joe, <jane>; ann", " Sales: joe@example.net, <jane@example.net>; ann@example.net"],
      [' "joe smith"', ' "joe smith"@example.net'],
      [' <"joe>smith">', ' <"joe>smith"@example.net>'],
      [" j\xc3\xb6e", " j\xc3\xb6e@example.net"], // the octets of UTF-8
      [" joe\r\n ,\r\n\tjane", " joe@example.net\r\n ,\r\n\tjane@example.net"],
    ] as const
  ) assert.equal(withDomains(before, "example.net"), after);
  for (
    const value of [
      "",
      " undisclosed-recipients:;",
      " joe@example.com",
      ' "joe"@example.com',
      " joe @ example.com",
      " joe@[IPv6:::1]",
      " <@a.example,@b.example:joe@example.com>",
      " Joe Smith",
      " <>",
      " joe <joe@example.com>",
      " =?utf-8?q?joe?= <joe@example.com>",
      ' "joe',
      " joe (",
      " joe)",
      " joe>",
      " <joe",
      " j\u00f6e",
      " joe..smith",
    ]
  ) assert.equal(withDomains(value, "example.net"), value);
  const long = withDomains(" <joe>,".repeat(100_000), "example.net");
  assert.equal(long.length, 100_000 * " <joe@example.net>,".length);
  assert.equal(withDomains("(".repeat(100_000), "example.net"), "(".repeat(100_000));
});

Deno.test("what is a list of addresses already stays as it is, and is one after it was completed", () => {
  const piece = fc.constantFrom(
    ...[
      "joe",
      "jane@example.com",
      "<",
      ">",
      "@",
      ",",
      ";",
      ":",
      " ",
      "\r\n\t",
      '"a, b"',
      "(x)",
      ".",
    ],
    ...["[192.0.2.1]", "<joe>", "<joe@example.org>", "(", '"', "\\"],
  );
  let lists = 0, completed = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")), (value) => {
      const after = withDomains(value, "example.net");
      if (isList(value)) {
        lists++;
        assert.equal(after, value);
      } else if (after !== value && isList(after)) completed++;
    }),
    { numRuns: 20_000 },
  );
  assert.ok(lists > 100 && completed > 100, `${lists} ${completed}`);
});

function isList(value: string): boolean {
  try {
    return parseHeader(value, { allowAtInDisplayName: false }).length > 0;
  } catch {
    return false;
  }
}

Deno.test("complete() leaves a message as it is that has all", async () => {
  const policy = chain(complete({ domain: "example.net" }), everybody);
  const client = await connected(policy, {});
  const whole =
    "Date: x\r\nMessage-id: <1@x>\r\nFROM: joe@example.org\r\nTo: a@b.example\r\n\r\nTo: joe\r\n";
  const send = async (from: string, text: string) => {
    await client.command(`MAIL FROM:<${from}>`);
    await client.command("RCPT TO:<ann@example.com>");
    await client.command("DATA");
    await client.command(`${text}.`);
    return client.kept.at(-1)!.message.replace(/^Received:.*\r\n(\s.*\r\n)*/, "");
  };
  assert.equal(await send("joe@example.net", whole), whole);
  const text = await send("", "just text\r\n");
  assert.match(text, /^Date: .*\r\nMessage-ID: <.*>\r\n\r\njust text\r\n$/);
});

/** A client that has said EHLO. */
async function connected(
  policy: Handler,
  how: Parameters<typeof Client.of>[1],
): Promise<Client> {
  const client = Client.of(policy, how);
  await client.reply();
  await client.command("EHLO client.example.org");
  return client;
}
