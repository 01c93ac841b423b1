import assert from "node:assert/strict";
import { chain, Mailbox, on, type Reply, say } from "postmaster";
import { ask, FakeDns, rcpt, type Situation } from "postmaster/testing";
import { zone } from "postmaster/handlers";
import { parseRecords, userName } from "../../handlers/zone_record.ts";
import { build, loadConfig } from "../../src/config/mod.ts";
import { CachingResolver } from "../../src/dns/caching_resolver.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { codes, Running, until } from "../running.ts";

const Z = "_postmaster.example.net";
const txt = (text: string) => ({ TXT: [text] });

const dns = new FakeDns({
  [`example.net._domain.${Z}`]: txt("v=postmaster1"),
  [`catch.example._domain.${Z}`]: txt("v=postmaster1; catch-all=joe@example.net"),
  [`relay.example._domain.${Z}`]: txt("v=postmaster1; relay=yes"),
  [`moved.example._domain.${Z}`]: txt("v=postmaster1; relay=all@elsewhere.example"),
  [`sick.example._domain.${Z}`]: "ESERVFAIL",
  [`wrong.example._domain.${Z}`]: txt("v=postmaster1; rely=yes"),
  [`joe.example.net._user.${Z}`]: txt("v=postmaster1; user=joe"),
  [`joe_2esmith.example.net._user.${Z}`]: txt("v=postmaster1; user=joe"),
  [`sales.example.net._user.${Z}`]: txt("v=postmaster1; alias=joe@example.net, jane@example.net"),
  [`jane.example.net._user.${Z}`]: txt("v=postmaster1; user=jane; relay=jane@home.example"),
  [`old.example.net._user.${Z}`]: txt("v=postmaster1; reject=moved, ask the postmaster"),
  [`void.example.net._user.${Z}`]: txt("v=postmaster1; discard=yes"),
  [`loop.example.net._user.${Z}`]: txt("v=postmaster1; alias=loop@example.net"),
  [`sick.example.net._user.${Z}`]: "ETIMEOUT",
  [`evil.example.net._user.${Z}`]: txt("v=postmaster1; user=-oQ/tmp"),
  [`_policy.${Z}`]: txt("v=postmaster1; refuse=198.51.100.0/24; relay-for=10.0.0.0/8"),
});

const inner = on("AddRcptTo", () => say(5, 5, 0, "relaying denied", "5.7.1"));
const to = (address: string, more: Situation = {}): Promise<Reply> =>
  ask(chain(zone(Z), inner), rcpt(address), { dns, ...more });

/** `250 joe@example.net -> joe`, the user of the mailer; the command of a pipe. */
const told = ({ code, enhanced, routes = [] }: Reply): string => {
  const targets = routes.map(({ recipient, user, target: { target, args } }) => {
    const command = (args["argv"] as string[] | undefined)?.join(" ");
    const who = target === "mailer" ? user : undefined;
    return `${recipient} -> ${who ?? command ?? args["recipients"] ?? target}`;
  });
  return `${code} ${code === 250 ? targets.join(", ") : enhanced}`;
};

Deno.test("zone() finds users, aliases, routes and domains in the DNS", async () => {
  for (
    const [address, wanted] of [
      ["joe@example.net", "250 joe@example.net -> joe"],
      ["JOE@Example.NET", "250 joe@Example.NET -> joe"],
      ["joe.smith@example.net", "250 joe.smith@example.net -> joe"],
      [
        "sales@example.net",
        "250 joe@example.net -> joe, jane@example.net -> jane, jane@example.net -> jane@home.example",
      ],
      ["void@example.net", "250 void@example.net -> discard"],
      ["old@example.net", "550 5.7.1"],
      ["nobody@example.net", "550 5.1.1"],
      ["anybody@catch.example", "250 joe@example.net -> joe"],
      ["anybody@relay.example", "250 anybody@relay.example -> anybody@relay.example"],
      ["anybody@moved.example", "250 anybody@moved.example -> all@elsewhere.example"],
      ["joe@example.com", "550 5.7.1"],
      ["joe@[192.0.2.1]", "550 5.7.1"],
    ] as const
  ) assert.equal(told(await to(address)), wanted, address);
});

Deno.test("zone() defers when nobody can tell, or a record makes no sense", async () => {
  for (const address of ["joe@sick.example", "sick@example.net"]) {
    assert.equal(told(await to(address)), "451 4.4.3", address);
  }
  for (const address of ["joe@wrong.example", "loop@example.net", "evil@example.net"]) {
    assert.equal(told(await to(address)), "451 4.3.5", address);
  }
});

Deno.test("zone() has a policy for networks", async () => {
  const from = (address: string) => ({ peer: { address, port: 1 } });
  assert.equal(told(await to("joe@example.net", from("198.51.100.7"))), "554 5.7.1");
  assert.match(told(await to("joe@example.com", from("10.1.2.3"))), /^250 .* joe@example.com$/);
  assert.equal(told(await to("joe@example.com", from("192.0.2.1"))), "550 5.7.1");
  for (const routed of ["joe%example.com@relay.example", '"joe@example.com"@relay.example']) {
    assert.equal(told(await to(routed)), "550 5.7.1", "a route for strangers");
    assert.match(told(await to(routed, from("10.1.2.3"))), /^250 /);
  }
});

Deno.test("parseRecords() says what is wrong", () => {
  const parse = (text: string, kind: "domain" | "user" | "policy" = "user") =>
    parseRecords([[text]], kind);
  assert.equal(parse("v=spf1 -all"), undefined);
  assert.deepEqual([...parse("v=postmaster1 ; user=joe;") ?? []], [["user", ["joe"]]]);
  for (
    const [text, kind] of [
      ["v=postmaster1; usr=joe", "user"],
      ["v=postmaster1; alias=joe", "user"],
      ["v=postmaster1; user=a b", "user"],
      ["v=postmaster1; relay-for=0.0.0.0/0", "policy"],
      ["v=postmaster1; relay-for=0.0.0.0/1, 128.0.0.0/1", "policy"],
      ["v=postmaster1; relay-for=10.0.0.0/7", "policy"],
      ["v=postmaster1; relay-for=2000::/8", "policy"],
      ["v=postmaster1; relay-for=10.1/16", "policy"],
      ["v=postmaster1; relay-for=10.1.0.5/16", "policy"],
      ["v=postmaster1; refuse=192.0.2", "policy"],
      ["v=postmaster1; refuse=010.0.0.0/8", "policy"],
      ["v=postmaster1; user=joe", "domain"],
    ] as const
  ) assert.throws(() => parse(text, kind), TypeError, text);
});

Deno.test("userName() makes one label of any local part", () => {
  const name = (local: string) => userName(new Mailbox(local, "example.net"), "z");
  assert.equal(name("Joe+list"), "joe_2blist.example.net._user.z");
  assert.equal(name("a b"), "a_20b.example.net._user.z");
  assert.equal(name("a_b"), "a_5fb.example.net._user.z");
  assert.equal(name("x".repeat(64)), undefined);
});

Deno.test({
  name: "a server follows its zone in a real DNS, and defers when the DNS is gone",
  ...need("nsd"),
  fn: async () => {
    const base = 'ns A 127.0.0.1\nexample.net._domain 1 TXT "v=postmaster1"\n';
    const joe = 'joe.example.net._user 1 TXT "v=postmaster1; user=joe"\n';
    const jane = 'jane.example.net._user 1 TXT "v=postmaster1; discard=yes"\n';
    await using nsd = await Nsd.start({ [Z]: base + joe });
    await using server = await Running.start(() => ({
      dns: { servers: [nsd.address], timeout: "200 ms", attempts: 1 },
      handlers: [{ zone: Z }],
    }));
    using client = await server.connect();
    await codes(client, "EHLO client.example.org", "MAIL FROM:<ann@example.org>");
    const code = async (local: string) =>
      (await codes(client, `RCPT TO:<${local}@example.net>`))[0];
    assert.equal(await code("joe"), 250);
    assert.equal(await code("jane"), 550);
    await nsd.replace(Z, base + jane);
    await until(
      "joe is gone and jane is there",
      async () => await code("joe") === 550 && await code("jane") === 250,
    );
    await nsd.stop();
    await until("nobody can tell", async () => await code("jane") === 451);
    assert.equal(await code("joe"), 451, "deferred, not refused");
  },
});

Deno.test({
  name: "the zone of the examples says what its records say",
  ...need("nsd"),
  fn: async () => {
    const file = (name: string) => new URL(`../../docs/examples/${name}`, import.meta.url).pathname;
    await using nsd = await Nsd.start({
      [Z]: `ns A 127.0.0.1\n${Deno.readTextFileSync(file("zone.txt"))}`,
    });
    const { policy } = await build(loadConfig(file("zone.yaml")));
    const dns = new CachingResolver({ servers: [nsd.server], timeout: 2000 });
    for (
      const [address, wanted] of [
        ["jane@example.net", "250 jane@example.net -> jane"],
        ["sales@example.net", "250 joe@example.net -> joe, jane@example.net -> jane"],
        ["anybody@example.net", "250 joe@example.net -> joe"],
        ["old@example.net", "550 5.7.1"],
        ["ann@example.org", "250 ann@example.org -> ann@example.org"],
        ["ann@example.com", "550 5.7.1"],
      ] as const
    ) assert.equal(told(await ask(policy, rcpt(address), { dns })), wanted, address);
  },
});
