/**
 * Servers whose TLS is not as it should be, under each policy: where one forbids clear text, not one octet of MAIL goes
 * in clear text.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { StsPolicy } from "../../src/security/sts/policy.ts";
import type { TlsRequirement } from "../../src/tls/requirement.ts";
import { issue } from "../tls/authority.ts";
import { need } from "../need.ts";
import { OpensslServer } from "./openssl_server.ts";
import { brief, EXCHANGER, Sending, type Setting } from "./sending.ts";
import { type Answer, type Plan, Sink } from "./sink.ts";

const authority = await issue({ name: "authority", below: 0 });
const right = { name: EXCHANGER, domains: [EXCHANGER] };
const good = await issue({ ...right, by: authority });
const later = await issue({ ...right, by: authority });
const CERTIFICATES = {
  good,
  expired: await issue({ ...right, by: authority, days: [-30, -1] }),
  "self-signed": await issue(right),
  misnamed: await issue({ name: "mx.evil.example", domains: ["mx.evil.example"], by: authority }),
};

const starttls = (answer: Answer): Plan => ({
  tls: good,
  answer: ({ verb }) => verb === "STARTTLS" ? answer : undefined,
});

/** Servers whose handshake works. */
const WRONG = Object.fromEntries(
  Object.entries(CERTIFICATES).map(([name, tls]): [string, Plan] => [name, { tls }]),
);
/** Servers that offer no TLS on a connection that stands. */
const STRIPPED: Readonly<Record<string, Plan>> = {
  "STARTTLS is stripped": {},
  "STARTTLS is refused": starttls("454 4.7.0 not now"),
  "STARTTLS is unknown": starttls("502 5.5.1 what"),
  "only HELO is known": { answer: ({ verb }) => verb === "EHLO" ? "502 what" : undefined },
};
/** Servers with which a handshake fails, so that only a new connection goes on. */
const BROKEN: Readonly<Record<string, Plan>> = {
  "a reply in clear text behind the 220": starttls("220 go\r\n250 injected"),
  "a part of a line behind the 220": starttls({ octets: "220 go\r\n250-inj" }),
  "clear text instead of a handshake": { extensions: ["STARTTLS"] },
  "the connection ends after the 220": starttls({ octets: "220 go\r\n", then: "drop" }),
  "silence after the 220": starttls({ octets: "220 go\r\n", then: "silence" }),
};

const enforced: StsPolicy = { mode: "enforce", mx: [EXCHANGER], lines: ["version: STSv1"] };
const byTlsa = (data: Uint8Array): TlsRequirement => ({
  level: "dane",
  names: [EXCHANGER, "example.org"],
  records: [{ certUsage: 3, selector: 1, match: 0, data }],
});

/** What is set, and which servers are good enough. */
interface Policy {
  readonly name: string;
  readonly setting: Omit<Setting, "port">;
  readonly takes: (server: string) => boolean;
}

const CA = { ca: authority.certificate };
const STRICT: readonly Policy[] = [
  { name: "encrypt", setting: { tls: "encrypt" }, takes: (server) => server in WRONG },
  { name: "verify", setting: { tls: "verify", ...CA }, takes: (server) => server === "good" },
  {
    name: "sts",
    setting: { tls: "sts", sts: enforced, ...CA },
    takes: (server) => server === "good",
  },
  {
    name: "auto with MTA-STS",
    setting: { sts: enforced, ...CA },
    takes: (server) => server === "good",
  },
  {
    name: "an MTA-STS policy that names others",
    setting: { sts: { ...enforced, mx: ["mx.other.example"] }, ...CA },
    takes: () => false,
  },
  { name: "sts without a policy", setting: { tls: "sts", ...CA }, takes: () => false },
  { name: "dane without DNSSEC", setting: { tls: "dane", ...CA }, takes: () => false },
  {
    name: "the right TLSA",
    setting: { tls: byTlsa(good.spki) },
    takes: (server) => server === "good",
  },
  { name: "a wrong TLSA", setting: { tls: byTlsa(later.spki), ...CA }, takes: () => false },
];

const EVERYWHERE = { ...WRONG, ...STRIPPED, ...BROKEN };
const quick = { timeouts: { command: 200 } };

Deno.test("no MAIL goes in clear text where a policy forbids it", async (test) => {
  for (const [server, plan] of Object.entries(EVERYWHERE)) {
    await using sink = await Sink.start(plan);
    for (const { name, setting, takes } of STRICT) {
      await test.step(`${name}: ${server}`, async () => {
        sink.forget();
        await using sending = new Sending({ port: sink.port, ...setting, ...quick });
        const outcomes = await sending.send();
        ok(!/MAIL |RCPT |DATA\r|Subject/i.test(sink.clear), sink.clear);
        if (takes(server)) {
          deepEqual(outcomes.map(brief), ["delivered", "delivered", "delivered"]);
          deepEqual(sink.taken.map(({ encrypted }) => encrypted), [true]);
        } else {
          for (const one of outcomes) match(brief(one), /^deferred 4\.7\.\d+$/, one.reason);
          deepEqual(sink.taken, []);
          ok(!/MAIL/.test(sink.heard.map(({ encrypted }) => encrypted).join("")));
        }
      });
    }
  }
});

Deno.test("where TLS is only tried, mail arrives: encrypted if that works, else in clear text", async (test) => {
  for (const [server, plan] of Object.entries(EVERYWHERE)) {
    for (const tls of ["auto", "may", "none"] as const) {
      await test.step(`${tls}: ${server}`, async () => {
        await using sink = await Sink.start(plan);
        await using sending = new Sending({ port: sink.port, tls, ...quick });
        deepEqual((await sending.send()).map(brief), ["delivered", "delivered", "delivered"]);
        const isEncrypted = server in WRONG && tls !== "none";
        deepEqual(sink.taken.map(({ encrypted }) => encrypted), [isEncrypted]);
        const isTried = server in BROKEN && tls !== "none";
        equal(sink.heard.length, isTried ? 2 : 1);
        if (tls === "none") ok(!/STARTTLS/.test(sink.clear));
        if (!isTried) return;
        ok(!/MAIL/.test(sink.heard[0]!.clear)); // that connection is of no use any more
        await sending[Symbol.asyncDispose](); // kept connections have ended
        deepEqual((await sending.send()).map(brief), ["delivered", "delivered", "delivered"]);
        equal(sink.clear.match(/STARTTLS/g)?.length, 1, "the failure is remembered");
      });
    }
  }
});

/** Servers that the runtime cannot speak TLS with at all. */
const BEYOND: Readonly<
  Record<string, { key: readonly string[]; args: readonly string[]; why: RegExp }>
> = {
  "RSA with 1024 bits": { key: ["rsa:1024"], args: [], why: /1024/ },
  "TLS 1.0 only": { key: ["rsa:2048"], args: ["-tls1"], why: /neither TLS 1\.2 nor 1\.3/ },
  "DHE only": {
    key: ["rsa:2048"],
    args: ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"],
    why: /handshake/,
  },
};

Deno.test({
  name:
    "a server that the runtime cannot speak TLS with gets mail in clear text, if that is allowed",
  ...need("openssl"),
  fn: async (test) => {
    for (const [name, { key, args, why }] of Object.entries(BEYOND)) {
      await test.step(name, async () => {
        await using server = await OpensslServer.start(key, args);
        await using sink = await Sink.start({ tls: { port: server.port } });
        await using careful = new Sending({ port: sink.port, tls: "encrypt", ...quick });
        for (const one of await careful.send()) {
          match(brief(one), /^deferred 4\.7\.\d+$/);
          match(one.reason, why);
        }
        await using sending = new Sending({ port: sink.port, ...quick });
        deepEqual((await sending.send()).map(brief), ["delivered", "delivered", "delivered"]);
        equal(sink.heard.length, 3);
        deepEqual(sink.taken.map(({ encrypted }) => encrypted), [false]);
      });
    }
  },
});

Deno.test("TLS from the first octet: nothing is said before, and no wrong certificate is accepted", async () => {
  await using sink = await Sink.start({ tls: good, implicit: true });
  await using clear = await Sink.start({ tls: good });
  for (
    const [port, result] of [[sink.port, /^delivered/], [clear.port, /^deferred 4\.7/]] as const
  ) {
    await using sending = new Sending({ port, tls: "verify", ...CA, ...quick, scheme: "smtps" });
    for (const one of await sending.send()) match(brief(one), result, one.reason);
  }
  ok(!/EHLO/.test(clear.clear + sink.clear));
  match(sink.heard[0]!.encrypted, /^EHLO/);
});
