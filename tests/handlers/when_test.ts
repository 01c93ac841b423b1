import assert from "node:assert/strict";
import { discard, on, say } from "postmaster";
import { ask, ENCRYPTED, mail, rcpt, type Situation } from "postmaster/testing";
import { type Condition, firstMatch, reply, when } from "postmaster/handlers";
import { build, ConfigError, loadConfig, parseConfig } from "../../src/config/mod.ts";

const teapot = on(["AddRcptTo", "SetMailFrom", "SayOK"], () => say(4, 5, 0, "matched"));

/** Whether the condition holds when joe@example.net is asked for. */
async function holds(condition: Condition, situation: Situation = {}): Promise<boolean> {
  const { lines } = await ask(
    when({ if: condition, then: teapot }),
    rcpt("joe@example.net"),
    situation,
  );
  return lines[0] === "matched";
}

const at = (time: string): Situation => ({ time: new Date(time) });
const from = (address: string): Situation => ({ peer: { address, port: 1 } });

Deno.test("weekday, hours and dates are those of the time zone", async () => {
  const saturday: Condition = { weekday: ["sat", "sun"], timeZone: "Europe/Berlin" };
  assert.equal(await holds(saturday, at("2026-11-27T22:59:59Z")), false);
  assert.equal(await holds(saturday, at("2026-11-27T23:00:00Z")), true);
  const office: Condition = { hours: [8, 18], timeZone: "Europe/Berlin" };
  assert.equal(await holds(office, at("2026-07-01T06:00:00Z")), true, "summer time");
  assert.equal(await holds(office, at("2026-12-01T06:59:00Z")), false);
  assert.equal(await holds(office, at("2026-12-01T17:00:00Z")), false, "18:00 is over");
  const night: Condition = { hours: [22, 6], timeZone: "UTC" };
  for (const [hour, wanted] of [["22", true], ["05", true], ["06", false], ["21", false]]) {
    assert.equal(await holds(night, at(`2026-12-01T${hour}:30:00Z`)), wanted, `${hour}`);
  }
});

Deno.test("dates are days, days of every year, or all between two", async () => {
  const dates = (list: string[], day: string) =>
    holds({ dates: list, timeZone: "UTC" }, at(`${day}T12:00:00Z`));
  assert.equal(await dates(["2026-12-24", "05-01"], "2026-12-24"), true);
  assert.equal(await dates(["2026-12-24", "05-01"], "2027-12-24"), false);
  assert.equal(await dates(["2026-12-24", "05-01"], "2031-05-01"), true);
  assert.equal(await dates(["12-24..01-02"], "2031-01-02"), true);
  assert.equal(await dates(["12-24..01-02"], "2031-01-03"), false);
  assert.equal(await dates(["2026-12-24..2027-01-02"], "2027-01-01"), true);
  assert.equal(await dates(["2026-12-24..2027-01-02"], "2028-01-01"), false);
});

Deno.test("network takes IPv4 as IPv6 writes it, and no Unix socket", async () => {
  const network: Condition = { network: ["192.0.2.0/24", "2001:db8::/32", "203.0.113.9"] };
  assert.equal(await holds(network, from("192.0.2.255")), true);
  assert.equal(await holds(network, from("::ffff:192.0.2.1")), true);
  assert.equal(await holds(network, from("2001:db8:1::1")), true);
  assert.equal(await holds(network, from("203.0.113.9")), true);
  assert.equal(await holds(network, from("203.0.113.8")), false);
  assert.equal(await holds(network, from("unix")), false);
});

Deno.test("sender and recipient match addresses, domains, those below, and local parts", async () => {
  const sender = (pattern: string, mailFrom: string | null) =>
    holds({ sender: pattern }, { mailFrom });
  assert.equal(await sender("Joe@example.ORG", "joe@example.org"), true);
  assert.equal(await sender("joe@example.org", "jim@example.org"), false);
  assert.equal(await sender("@example.org", "jim@EXAMPLE.org"), true);
  assert.equal(await sender("@example.org", "jim@a.example.org"), false);
  assert.equal(await sender("@.example.org", "jim@a.example.org"), true);
  assert.equal(await sender("@.example.org", "jim@badexample.org"), false);
  assert.equal(await sender("joe@", "JOE@anywhere.example"), true);
  assert.equal(await sender("<>", null), true);
  assert.equal(await sender("<>", "joe@example.org"), false);
  assert.equal(await holds({ sender: "<>" }), false, "no sender yet is not the null sender");
  assert.equal(await holds({ recipient: ["jane@", "@example.net"] }), true);
  const rule = when({ if: { sender: "@example.org" }, then: teapot });
  assert.equal((await ask(rule, mail("joe@example.org"))).lines[0], "matched");
  const noop = { type: "SayOK", argument: "" } as const;
  const situation = { mailFrom: "a@b.example", recipients: ["joe@example.net"] };
  const accepted = when({ if: { recipient: "joe@" }, then: teapot });
  assert.equal((await ask(accepted, noop, situation)).lines[0], "matched");
});

Deno.test("helo, listener, tls and user are what the session has", async () => {
  assert.equal(await holds({ helo: ".example.org" }), true);
  assert.equal(await holds({ helo: ["mail.example.org"] }), false);
  for (const helo of ["client.example.org.", "Client.Example.Org", ".example.org."]) {
    assert.equal(await holds({ helo }), true, helo);
  }
  assert.equal(await holds({ listener: "192.0.2.25:25" }), true);
  assert.equal(await holds({ listener: ["submission", "submissions"] }), false);
  assert.equal(await holds({ listener: "submission" }, { kind: "submission" }), true);
  assert.equal(await holds({ tls: true }, { tls: ENCRYPTED }), true);
  assert.equal(await holds({ tls: false }, { tls: ENCRYPTED }), false);
  assert.equal(await holds({ user: true }), false);
  assert.equal(await holds({ user: false }), true);
  assert.equal(await holds({ user: ["joe"] }, { user: "joe" }), true);
  assert.equal(await holds({ user: ["joe"] }, { user: "jim" }), false);
});

Deno.test("all, any, not and functions combine conditions", async () => {
  const yes = () => true;
  const no = () => Promise.resolve(false);
  assert.equal(await holds({ all: [yes, yes] }), true);
  assert.equal(await holds({ all: [yes, no] }), false);
  assert.equal(await holds({ any: [no, yes] }), true);
  assert.equal(await holds({ any: [no, { not: yes }] }), false);
  assert.equal(await holds({ not: { any: [no, { tls: true }] } }), true);
  assert.equal(await holds((event, { peer }) => event.type === "AddRcptTo" && peer.port > 1), true);
});

Deno.test("a condition that breaks is no acceptance", async () => {
  const broken = () => {
    throw new Error("no");
  };
  const policy = when({
    if: broken,
    then: on("AddRcptTo", () => discard()),
    else: on("AddRcptTo", () => discard()),
  });
  assert.equal((await ask(policy, rcpt("joe@example.net"))).code, 451);
});

Deno.test("when() asks one of both, and firstMatch() the first", async () => {
  const says = (text: string) => reply({ code: 450, text });
  const first = async (policy: Parameters<typeof ask>[0]) =>
    (await ask(policy, rcpt("joe@example.net"))).lines[0];
  assert.equal(
    await first(when({ if: { tls: true }, then: says("then"), else: says("else") })),
    "else",
  );
  assert.equal(
    await first(when({ if: { tls: false }, then: says("then"), else: says("else") })),
    "then",
  );
  assert.equal(await first(when({ if: { tls: true }, then: says("then") })), "relaying denied");
  const rules = firstMatch([
    { if: { tls: true }, then: says("a") },
    { if: { user: false }, then: says("b") },
    { if: { tls: false }, then: says("c") },
  ]);
  assert.equal(await first(rules), "b");
});

Deno.test("leap_saturday.yaml is the policy of leap_saturday.ts", async () => {
  const file = new URL("../../docs/examples/leap_saturday.yaml", import.meta.url).pathname;
  const { policy } = await build(loadConfig(file));
  const code = async (time: string) =>
    (await ask(policy, rcpt("joe@example.org"), { time: new Date(time) })).routes?.[0]?.target
      .target;
  assert.equal(await code("2028-02-26T12:00:00Z"), "relay");
  assert.equal(await code("2028-02-27T12:00:00Z"), undefined);
  assert.equal(await code("2027-02-27T12:00:00Z"), undefined);
});

const MISTAKES: readonly (readonly [options: string, at: string, message: RegExp])[] = [
  [
    "{if: {weekday: [saturday]}, then: trace}",
    "saturday",
    /handlers\[0\]\.when\.if\.weekday\[0\]`: must be one of `mon`/,
  ],
  ["{if: {wekday: [sat]}, then: trace}", "wekday", /unknown key `wekday`: did you mean `weekday`/],
  ["{if: {hours: [8, 25]}, then: trace}", "25]", /must be an hour from 0 to 24; found `25`/],
  ["{if: {dates: [02-30]}, then: trace}", "02-30", /`02-30` is no date/],
  [
    "{if: {not: {network: 192.0.2.0/33}}, then: trace}",
    "192.0.2.0/33",
    /if\.not\.network.*has only 32 bits/,
  ],
  [
    "{if: {all: [{tls: maybe}]}, then: trace}",
    "maybe",
    /if\.all\[0\]\.tls`: must be `true` or `false`/,
  ],
  ["{if: {}, then: trace}", "{}", /this is no condition/],
  ["{if: {tls: true, time-zone: UTC}, then: trace}", "UTC", /a time zone needs/],
  ["{if: {hours: [1, 2], time-zone: Berlin}, then: trace}", "Berlin", /no time zone `Berlin`/],
  [
    "{if: {tls: true}, then: [trase]}",
    "trase",
    /there is no handler `trase`: did you mean `trace`/,
  ],
  [
    "{if: {tls: true}, then: [{impatient: {bound: many}}]}",
    "many",
    /then\[0\]\.impatient\.bound`: must be a number/,
  ],
  ["{if: {tls: true}, then: [./policy.ts]}", "./policy", /no module can stand here/],
  ["{if: {tls: true}, then: {relay-to: {networks: [0.0.0.0/0]}}}", "[0.0.0.0/0]", /open relay/],
  ["{if: {tls: true}}", "{if", /then`: this is missing/],
];

Deno.test("mistakes in nested conditions and handlers are reported where they are", () => {
  for (const [options, at, message] of MISTAKES) {
    const text = `handlers: [{when: ${options}}]`;
    try {
      parseConfig(text, "/nowhere/postmaster.yaml");
      assert.fail(`${text}: no mistake`);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const found = error.problems.map((one) =>
        `${text.slice((one.column ?? 0) - 1)}: ${one.message}`
      );
      assert.equal(found.length, 1, `${text}\n${found.join("\n")}`);
      assert.ok(found[0]!.startsWith(at), `${text}\n${found[0]}`);
      assert.match(found[0]!, message);
    }
  }
});
