import assert from "node:assert/strict";
import { chain, discard, on } from "postmaster";
import {
  ask,
  Client,
  FakeClock,
  FakeDns,
  type FakeZone,
  rcpt,
  type Situation,
} from "postmaster/testing";
import { dnsbl, type DnsblOptions } from "postmaster/handlers";
import type { Log, LogEvent, LogFields } from "../../src/log/event.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { Directory, postmaster, run, Running } from "../running.ts";
import { status } from "./ask.ts";

const accepting = on("AddRcptTo", () => discard());
const from = (address: string): Situation => ({ peer: { address, port: 1234 } });

const LISTED = { A: ["127.0.0.2"] };
const lists = new FakeDns({
  "1.2.0.192.bl.example": LISTED,
  "2.2.0.192.bl.example": LISTED,
  "2.2.0.192.other.example": LISTED,
  "2.2.0.192.friends.example": LISTED,
  "3.2.0.192.sick.example": "ESERVFAIL",
  [`${"1" + ".0".repeat(23)}.8.b.d.0.1.0.0.2.bl.example`]: LISTED,
  "2.0.0.127.bl.example": LISTED,
});

Deno.test("dnsbl() refuses who is on a list, in IPv4 and IPv6", async () => {
  const handler = chain(dnsbl({ lists: ["bl.example", "sick.example"] }), accepting);
  const reply = async (address: string, more: Situation = {}) =>
    status(await ask(handler, rcpt("joe@example.net"), { dns: lists, ...from(address), ...more }));
  assert.equal(await reply("192.0.2.1"), "554 5.7.1");
  assert.equal(await reply("::ffff:192.0.2.1"), "554 5.7.1");
  assert.equal(await reply("2001:db8::1"), "554 5.7.1");
  assert.equal(await reply("192.0.2.9"), "250 2.1.5");
  assert.equal(await reply("192.0.2.3"), "250 2.1.5", "a list that is sick says nothing");
  assert.equal(
    await reply("192.0.2.1", { user: "joe" }),
    "250 2.1.5",
    "who is known is not looked up",
  );
  assert.equal(await reply("127.0.0.2"), "554 5.7.1", "the entry for tests");
  assert.equal(await reply("::ffff:127.0.0.2"), "554 5.7.1", "the entry for tests in IPv6");
  lists.asked.length = 0;
  assert.equal(await reply("2002:c000:201::1"), "250 2.1.5");
  assert.equal(lists.asked.length, 2, "looked up, though it is a tunnel's address");
  lists.asked.length = 0;
  for (const address of ["127.0.0.1", "10.0.0.1", "100.64.0.1", "fe80::1", "::1", "unix"]) {
    assert.equal(await reply(address), "250 2.1.5", address);
  }
  assert.deepEqual(lists.asked, [], "addresses that mean something else elsewhere");
});

Deno.test("dnsbl() adds weights up, and lets in who is on a list of friends", async () => {
  const two = [{ zone: "bl.example", weight: 0.5 }, { zone: "other.example", weight: 0.5 }];
  const code = async (address: string, allow: string[]) =>
    (await ask(chain(dnsbl({ lists: two, allow }), accepting), rcpt("joe@example.net"), {
      dns: lists,
      ...from(address),
    })).code;
  assert.equal(await code("192.0.2.1", []), 250);
  assert.equal(await code("192.0.2.2", []), 554);
  assert.equal(await code("192.0.2.2", ["friends.example"]), 250);
});

/** A log that keeps what handlers say about lists: the text and the fields. */
const noting = (lines: string[]): Log =>
  Object.assign(<E extends LogEvent>(_event: E, fields: LogFields[E]) => {
    const { text, list, answer, error } = fields as Readonly<Record<string, unknown>>;
    if (/\blist /.test(`${text}`)) {
      lines.push([text, list, answer ?? error].filter((part) => part !== undefined).join(" "));
    }
  }, { wants: () => true });

/** A client at 192.0.2.7 of a server with these lists: the code of the reply, and what the log says. */
async function told(options: DnsblOptions, records: FakeZone): Promise<[number, string[]]> {
  const logged: string[] = [];
  const log = noting(logged);
  const peer = { address: "192.0.2.7", port: 1234 };
  const policy = chain(dnsbl(options), accepting);
  const client = Client.of(policy, { dns: new FakeDns(records), log, peer });
  await client.reply();
  let code = 0;
  for (
    const line of [
      ...["EHLO client.example.org", "MAIL FROM:<ann@example.org>"],
      ...["RCPT TO:<joe@example.net>", "RCPT TO:<jane@example.net>"],
    ]
  ) code = (await client.command(line)).code;
  client.hangUp();
  return [code, logged];
}

const ME = "7.2.0.192";
const answering = (zone: string, answer: string) => ({ [`${ME}.${zone}`]: { A: [answer] } });

Deno.test("an allow list welcomes nobody by an error, and nobody whom it does not trust", async () => {
  const options = { lists: ["bl.example"], allow: ["list.dnswl.org"] };
  for (
    const [answer, code] of [
      ["127.0.5.1", 250],
      ["127.0.15.2", 250],
      ["127.0.2.3", 250],
      ["127.0.5.0", 554],
      ["127.0.0.255", 554],
      ["127.0.0.1", 554],
      ["127.0.5.4", 554],
      ["192.0.2.1", 554],
    ] as const
  ) {
    const records = {
      ...answering("bl.example", "127.0.0.2"),
      ...answering("list.dnswl.org", answer),
    };
    assert.equal((await told(options, records))[0], code, answer);
  }
});

Deno.test("a list refuses nobody by an error, and the log says so once", async () => {
  for (
    const [zone, answer, logged] of [
      ["zen.spamhaus.org", "127.255.255.252", true],
      ["zen.spamhaus.org", "127.255.255.254", true],
      ["KEY123.zen.dq.spamhaus.net", "127.255.255.255", true],
      ["zen.spamhaus.org", "127.0.0.1", true],
      ["bl.spamcop.net", "127.0.0.1", true],
      ["bl.spamcop.net", "93.184.216.34", true],
      ["bl.example", "127.0.0.1", true],
      ["bl.example", "127.255.255.254", true],
      ["bl.example", "127.0.0.255", true],
      ["bl.example", "127.1.0.2", true],
      ["bl.example", "10.0.0.2", true],
      ["list.dnswl.org", "127.0.0.255", true],
      ["list.dnswl.org", "127.0.5.0", false],
      ["zen.spamhaus.org", "127.0.0.12", false],
    ] as const
  ) {
    const name = zone.toLowerCase();
    const [code, log] = await told({ lists: [zone] }, answering(name, answer));
    assert.equal(code, 250, `${zone} ${answer}`);
    const line = `a list answers with an error ${name} ${answer}`;
    assert.deepEqual(log, logged ? [line] : [], `${zone} ${answer}`);
  }
});

Deno.test("the lists that everybody knows have their codes", async () => {
  for (
    const [zone, answer] of [
      ...[2, 3, 4, 9, 10, 11].map((code) => ["zen.spamhaus.org", `127.0.0.${code}`] as const),
      ["sbl.spamhaus.org", "127.0.0.2"],
      ["xbl.spamhaus.org", "127.0.0.4"],
      ["pbl.spamhaus.org", "127.0.0.11"],
      ["key123.zen.dq.spamhaus.net", "127.0.0.3"],
      ["bl.spamcop.net", "127.0.0.2"],
      ["b.barracudacentral.org", "127.0.0.2"],
      ["psbl.surriel.com", "127.0.0.2"],
      ["bl.example", "127.0.0.254"],
    ] as const
  ) {
    const [code] = await told({ lists: [zone] }, answering(zone, answer));
    assert.equal(code, 554, `${zone} ${answer}`);
  }
});

Deno.test("codes say what counts: one, several, or ranges of any octet", async () => {
  const listed = async (codes: string | string[], answer: string, zone = "zen.spamhaus.org") =>
    (await told({ lists: [{ zone, codes }] }, answering(zone, answer)))[0] === 554;
  assert.ok(await listed("127.0.0.2-9", "127.0.0.9"));
  assert.ok(!await listed("127.0.0.2-9", "127.0.0.10"), "what counts by default does no more");
  assert.ok(await listed(["127.0.0.2", "127.0.1-3.10-20"], "127.0.0.2", "bl.example"));
  assert.ok(await listed(["127.0.0.2", "127.0.1-3.10-20"], "127.0.2.15", "bl.example"));
  assert.ok(!await listed(["127.0.0.2", "127.0.1-3.10-20"], "127.0.2.9", "bl.example"));
  assert.ok(!await listed(["127.0.0.2", "127.0.1-3.10-20"], "127.0.4.15", "bl.example"));
  assert.ok(await listed("127.0.0.1", "127.0.0.1", "bl.example"), "who means it may say it");
  const parts: DnsblOptions = {
    lists: [
      { zone: "zen.spamhaus.org", codes: "127.0.0.2-9", weight: 1 },
      { zone: "zen.spamhaus.org", codes: "127.0.0.10-11", weight: 0.5 },
    ],
  };
  assert.equal((await told(parts, answering("zen.spamhaus.org", "127.0.0.4")))[0], 554);
  assert.equal((await told(parts, answering("zen.spamhaus.org", "127.0.0.10")))[0], 250);
});

Deno.test("one answer that counts is enough, whatever stands beside it", async () => {
  const records = { [`${ME}.bl.example`]: { A: ["127.0.0.1", "127.0.0.3"] } };
  assert.equal((await told({ lists: ["bl.example"] }, records))[0], 554);
});

Deno.test("a list that has 127.0.0.1 has everybody, and decides nothing", async () => {
  const everybody = { "*.bl.example": LISTED, "*.friends.example": LISTED };
  const [code, log] = await told({ lists: ["bl.example"] }, everybody);
  assert.equal(code, 250);
  assert.deepEqual(log, ["a list has everybody on it bl.example"]);
  const options = { lists: ["other.example"], allow: ["friends.example"] };
  const records = { ...everybody, ...answering("other.example", "127.0.0.2") };
  assert.equal((await told(options, records))[0], 554);
});

Deno.test("a list is named in any case, with a final dot or without", async () => {
  for (const zone of ["BL.Example", "bl.example.", { zone: "Bl.example." }]) {
    const [code] = await told({ lists: [zone] }, answering("bl.example", "127.0.0.2"));
    assert.equal(code, 554, JSON.stringify(zone));
  }
  const dnswl = { lists: ["bl.example"], allow: ["LIST.dnswl.org."] };
  const records = {
    ...answering("bl.example", "127.0.0.2"),
    ...answering("list.dnswl.org", "127.0.5.0"),
  };
  assert.equal((await told(dnswl, records))[0], 554, "its codes are known all the same");
});

Deno.test("the log says again on the next day that a list is in trouble", async () => {
  const clock = new FakeClock();
  const logged: string[] = [];
  const log = noting(logged);
  const dns = new FakeDns();
  dns.trouble = "ETIMEOUT";
  const policy = chain(dnsbl({ lists: ["bl.example"] }), accepting);
  for (const hours of [0, 12, 11, 2]) {
    clock.advance(hours * 3_600_000);
    const client = Client.of(policy, { dns, log, time: new Date(1e12 + clock.now) });
    await client.reply();
    for (const line of ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<joe@example.net>"]) {
      await client.command(line);
    }
    client.hangUp();
  }
  assert.deepEqual(
    logged,
    Array(2).fill(
      "a list does not answer bl.example queryA ETIMEOUT 1.2.0.192.bl.example",
    ),
  );
});

Deno.test("dnsbl says what is wrong with codes and lists", () => {
  const fault = (list: unknown): string => {
    try {
      dnsbl({ lists: [list] } as DnsblOptions);
    } catch (error) {
      const { issues } = error as { readonly issues: readonly { readonly message: string }[] };
      return JSON.stringify(issues);
    }
    return "none";
  };
  const codes = (codes: unknown, zone = "bl.example") => fault({ zone, codes });
  assert.match(codes("127.0.0.[2..11]"), /no code of a list: write one such as 127\.0\.0\.2, or/);
  for (const wrong of ["127.0.0", "127.0.0.256", "127.0.0.9-2", "127.0.0.02", "127.0.0.2/31", ""]) {
    assert.match(codes(wrong), /is no code of a list/, wrong);
  }
  assert.match(codes("10.0.0.2"), /all of them begin with 127/);
  assert.match(codes("126-127.0.0.2"), /all of them begin with 127/);
  assert.match(codes("127.0.0.0-255"), /cannot count: lists answer 127\.0\.0\.1 when something/);
  assert.match(codes("127.255.255.254"), /cannot count: lists answer 127\.255\.255\.0-255 when/);
  assert.match(
    codes("127.0.0-9.1-255", "list.dnswl.org"),
    /cannot count: lists answer 127\.0\.0\.(1|255) when/,
  );
  assert.match(codes("127.0.0.2-255", "list.dnswl.org"), /answer 127\.0\.0\.255 when/);
  assert.match(codes([]), /too_small/);
  assert.match(fault("127.0.0.1"), /is no domain of a list|none/);
  assert.match(fault({ zone: "bl.example", code: "127.0.0.2" }), /code/);
});

Deno.test({
  name: "route and a running server ask lists in a real DNS",
  ...need("nsd", "swaks"),
  fn: async () => {
    await using nsd = await Nsd.start({
      "bl.example": "2.0.0.127 A 127.0.0.2\n7.2.0.192 A 127.0.0.2\n8.2.0.192 A 127.0.0.2\n" +
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2 A 127.0.0.2",
      "list.dnswl.org": "7.2.0.192 A 127.0.0.255\n8.2.0.192 A 127.0.5.1\n2.0.0.127 A 127.0.9.0",
      "all.example": "* A 127.0.0.2\n*.0.0.127 A 127.0.0.2",
    });
    const handlers = [
      { dnsbl: { lists: ["BL.example.", "all.example"], allow: ["list.dnswl.org"] } },
    ];
    const dns = { servers: [nsd.address] };
    using directory = new Directory();
    const config = directory.write("postmaster.yaml", {
      ...{ hostname: "mx.example.net", domains: ["example.net"], users: ["joe"], handlers, dns },
    });
    const route = async (ip: string) => {
      const args = ["--config", config, "--ip", ip, "joe@example.net"];
      const { code, stdout, stderr } = await postmaster("route", ...args);
      return [code, stdout.trim(), stderr];
    };
    const [code, said, noted] = await route("192.0.2.7");
    assert.equal(code, 1);
    assert.equal(
      said,
      "joe@example.net: 554 5.7.1 192.0.2.7 is listed by bl.example (dnsbl)",
    );
    assert.match(
      `${noted}`,
      /text="a list answers with an error" list=list\.dnswl\.org answer=127\.0\.0\.255/,
    );
    assert.match(`${noted}`, /text="a list has everybody on it" list=all\.example/);
    assert.match(`${(await route("2001:db8::1"))[1]}`, /: 554 5\.7\.1 2001:db8::1 is listed by/);
    assert.match(`${(await route("192.0.2.8"))[1]}`, /-> mailer: /, "welcome");
    assert.match(`${(await route("192.0.2.9"))[1]}`, /-> mailer: /, "on no list but one of all");

    await using server = await Running.start(() => ({ handlers, dns }));
    const send = (address: string) =>
      run("swaks", [
        ...["--server", `127.0.0.1:${server.port}`, "--local-interface", address],
        ...["--from", "ann@example.org", "--to", "you@example.net"],
      ]);
    assert.match(
      (await send("127.0.0.2")).stdout,
      /<\*\* 554 5\.7\.1 127\.0\.0\.2 is listed by bl/,
    );
    assert.match((await send("127.0.0.3")).stdout, /<- {2}250 2\.0\.0 ok: delivered/);
  },
});
