/**
 * Each ready-made handler, as its documentation shows it: what is sent to a server with it arrives, where it should.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readyMade } from "../../handlers/registry.ts";
import { need, needOwnNetwork, needRoot } from "../need.ts";
import {
  type Arrival,
  arrivalsOf,
  HELLO,
  michelleSays,
  type Sending,
  TODAY,
  wanted,
} from "./arrivals.ts";

const page = Deno.readTextFileSync(new URL("../../docs/catalogue.md", import.meta.url));

/** The handlers of the first example of a section, in YAML or TypeScript. */
function example(name: string, language: "yaml" | "ts" = "yaml"): string {
  const [, section = ""] = page.split(`\n### \`${name}\`\n`);
  const [, code] = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "m").exec(section) ?? [];
  assert.ok(code !== undefined, `docs/catalogue.md has no example of ${name}`);
  return code;
}

/** What differs from case to case. Handlers are those of the example of the documentation. */
interface Case extends Partial<Omit<Arrival, "sends" | "arrives">> {
  /** The example in TypeScript is meant. */
  readonly language?: "ts";
  /** What must be otherwise here than in the example. */
  readonly instead?: Readonly<Record<string, string>>;
  readonly sends?: readonly Sending[];
  readonly arrives?: Arrival["arrives"];
  readonly programs?: readonly string[];
}

/** Joe gets one message, as it was sent. */
const JOE = { joe: [HELLO] };
const LISTED = "11.22.33.44", CLEAN = "11.22.33.55", WELCOME = "11.22.33.66";
const policyZone = Deno.readTextFileSync(
  new URL("../../docs/examples/zone.txt", import.meta.url),
);

const CASES: Readonly<Record<string, Case | readonly Case[]>> = {
  "add-header": { arrives: { joe: [`X-Checked-By: mx.example.net\n${HELLO}`] } },
  alias: {
    sends: [{ to: "webmaster@example.net" }, { to: "sales@example.net" }],
    arrives: { joe: [HELLO, HELLO], jane: [HELLO] },
  },
  announce: {},
  arc: {},
  archive: { arrives: { joe: [HELLO], archive: [HELLO] } },
  attachments: {
    sends: [{}, { text: withFile("invoice.pdf.EXE"), code: 550 }],
  },
  "auth-limit": {
    instead: { "messages: 100": "messages: 1" },
    sends: [
      ...[{ user: "joe", to: "ann@example.com" }, { user: "joe", code: 450 }, { user: "jane" }],
      ...[{}, {}],
    ],
    arrives: { joe: [HELLO, HELLO, HELLO], "ann@example.com": [HELLO] },
  },
  blacklist: bannedAfterFour(),
  bye: { sends: [{}, { client: "198.51.100.7", code: 421 }] },
  "catch-all": { sends: [{ to: "nobody@example.net" }] },
  complete: [{}, {
    instead: {
      "192.0.2.0/24": "127.0.0.0/8",
      "domain: example.net": "domain: example.net, add: [from, addresses]",
    },
    sends: [{ text: `To: joe\n${HELLO}` }],
    arrives: { joe: [`From: ann@example.org\nTo: joe@example.net\n${HELLO}`] },
  }],
  defer: [{ hour: 12 }, { hour: 2, sends: [{ code: 450 }], arrives: {} }],
  guesses: {},
  "discard-all": { sends: [{ to: "anybody@example.com" }, {}], arrives: {} },
  "early-talkers": {},
  verify: {},
  dnsbl: [{}, {
    zones: {
      "zen.spamhaus.org": "44.33.22.11 A 127.0.0.2\n66.33.22.11 A 127.0.0.2",
      "bl.spamcop.net": "55.33.22.11 A 127.0.0.2",
      "list.dnswl.org": "66.33.22.11 A 127.0.5.1",
    },
    programs: ["nsd"],
    sends: [{ client: LISTED, code: 554 }, { client: CLEAN }, { client: WELCOME }],
    arrives: { joe: [HELLO, HELLO] },
  }],
  dkim: {},
  dmarc: { settings: { queue: {}, deliver: "before-reply" } },
  explode: {
    files: { lists: "team@example.net: joe@example.net, jane@example.net\n" },
    sends: [{ to: "staff@example.net" }, { to: "team@example.net" }],
    arrives: { joe: [HELLO, HELLO], jane: [HELLO, HELLO] },
  },
  fallback: {
    sends: [{}, { to: "eve@old.example.net" }, { to: "eve@example.com", code: 550 }],
    arrives: { joe: [HELLO], "eve@old.example.net": [HELLO] },
  },
  fcrdns: [{}, {
    zones: {
      "22.11.in-addr.arpa": "44.33 PTR mail.example.org.\n55.33 PTR joe.example.org.",
      "example.org": `mail A ${LISTED}\njoe A 192.0.2.1`,
    },
    programs: ["nsd"],
    sends: [{ client: LISTED }, { client: CLEAN, code: 550 }],
  }],
  "first-match": [
    {
      hour: 12,
      sends: [{}, { client: "192.0.2.7", to: "eve@example.com" }],
      arrives: { joe: [HELLO], "eve@example.com": [HELLO] },
    },
    { hour: 2, sends: [{ code: 450 }], arrives: {} },
  ],
  greeting: {},
  greylist: {
    instead: { "2 min": "1 s" },
    sends: [{ code: 451 }, { patient: true }],
  },
  helo: {},
  "helo-policy": { sends: [{}, { helo: "mx.example.net", code: 550 }] },
  hold: {},
  impatient: bannedAfterFour(),
  "local-hosts": {
    settings: { domains: ["example.net", "example.org", "example.com"] },
    sends: [{ to: "joe@example.org" }, { to: "joe@example.com", code: 550 }],
  },
  "max-received": {
    sends: [{}, { text: "Received: by x\n".repeat(31) + HELLO, code: 554 }],
  },
  milter: {
    instead: { "unix:/run/opendkim/opendkim.sock": "unix:/nowhere/milter" },
    arrives: { joe: [`X-Filter-Failed: unix:/nowhere/milter\n${HELLO}`] },
  },
  clamav: {
    instead: { "unix:/run/clamav/clamd.ctl": "unix:/nowhere/clamd, on-failure: accept" },
    arrives: { joe: [`X-Filter-Failed: clamav\n${HELLO}`] },
  },
  "mta-hooks": {
    instead: { "http://127.0.0.1:8080/hook": "http://127.0.0.1:9/, on-failure: accept" },
    arrives: { joe: [`X-Filter-Failed: mta-hooks\n${HELLO}`] },
  },
  rspamd: {
    instead: { "127.0.0.1:11333": "unix:/nowhere/rspamd, on-failure: accept" },
    arrives: { joe: [`X-Filter-Failed: rspamd\n${HELLO}`] },
  },
  spamassassin: {
    instead: { "127.0.0.1:783": "unix:/nowhere/spamd, on-failure: accept" },
    arrives: { joe: [`X-Filter-Failed: spamassassin\n${HELLO}`] },
  },
  "no-route-addr": { sends: [{}, { to: "@relay.example:joe@example.net", code: 553 }] },
  passwd: [
    { accounts: ["joe"] },
    { yaml: "handlers: [passwd]", accounts: ["joe"] },
    { language: "ts", accounts: ["joe"] },
  ],
  "rate-limit": {
    sends: [...Array<Sending>(20).fill({}), { code: 450 }],
    arrives: { joe: Array<string>(20).fill(HELLO) },
  },
  reject: { sends: [{}, { from: "eve@spam.example", code: 550 }] },
  "relay-to": {
    sends: [
      ...[{}, { to: "ann@example.org" }, { to: "eve@example.com", code: 550 }],
      { client: "192.0.2.7", to: "eve@example.com" },
    ],
    arrives: { joe: [HELLO], "ann@example.org": [HELLO], "eve@example.com": [HELLO] },
  },
  "remove-header": {
    sends: [{ text: `x-spam-flag: YES\n folded\nX-Spam: no\nX-Spam-Score: 5\n${HELLO}` }],
    arrives: { joe: [`X-Spam: no\n${HELLO}`] },
  },
  "rename-header": {
    sends: [{ text: `X-Spam-Flag: YES\n${HELLO}` }],
    arrives: { joe: [`X-Old-Spam-Flag: YES\n${HELLO}`] },
  },
  reply: { sends: [{}, { to: "old@example.net", code: 551 }] },
  "require-auth": { sends: [{ code: 530 }], arrives: {} },
  "require-fqdn": { sends: [{}, { helo: "laptop", code: 550 }] },
  "require-tls": { sends: [{ code: 530 }], arrives: {} },
  "rewrite-recipient": {
    sends: [{ to: "joe@old.example" }, { to: "jane@old.example" }],
    arrives: { "joe.smith": [HELLO], jane: [HELLO] },
  },
  "rewrite-sender": {
    sends: [{ from: "eve@old.example" }],
    arrives: { joe: [`<eve@example.net> ${HELLO}`] },
  },
  "rewrite-text": {
    sends: [{ text: michelleSays("no") }],
    arrives: { joe: [michelleSays("yes")] },
  },
  "sender-authentication": {
    zones: {
      "example.org": '_dmarc TXT "v=DMARC1; p=reject"',
      "example.com": `_dmarc TXT "v=DMARC1; p=reject"\n@ TXT "v=spf1 ip4:${CLEAN} -all"`,
    },
    programs: ["nsd"],
    sends: [
      { client: LISTED, text: `From: ann@example.org\n${HELLO}`, code: 550 },
      { client: LISTED, code: 550 },
      { client: CLEAN, from: "eve@example.com", text: `From: eve@example.com\n${HELLO}` },
    ],
    arrives: { joe: [`<eve@example.com> From: eve@example.com\n${HELLO}`] },
  },
  "sender-domain": {
    zones: { "example.org": "@ MX 10 mail.example.org.\nnull MX 0 ." },
    programs: ["nsd"],
    sends: [{}, { from: "eve@null.example.org", code: 550 }],
  },
  "sender-login": {
    sends: [
      { user: "joe", from: "jane@example.net", code: 553 },
      { user: "joe", from: "joe@example.net", text: "From: jane@example.net\n\nhi\n", code: 550 },
      { user: "joe", from: "sales@example.net", text: "From: joe@example.net\n\nhi\n" },
      { from: "joe@example.net" },
    ],
    arrives: {
      joe: ["<sales@example.net> From: joe@example.net\n\nhi\n", `<joe@example.net> ${HELLO}`],
    },
  },
  spf: {
    zones: {
      "example.org": `@ TXT "v=spf1 ip4:${CLEAN} -all"`,
      "client.example.org": "@ A 192.0.2.1",
    },
    programs: ["nsd"],
    sends: [{ client: CLEAN }, { client: LISTED, code: 550 }],
  },
  "stolen-passwords": { settings: { queue: {}, deliver: "before-reply" } },
  subaddress: { sends: [{ to: "joe+list@example.net" }] },
  suppress: {},
  tarpit: { sends: [{ to: ["nobody@example.net", "joe@example.net"] }] },
  trace: {
    files: {
      "policy.ts":
        'import { named } from "postmaster";\nexport default named("policy", (_event, next) => next());\n',
    },
  },
  "virtual-users": [
    {
      files: { users: "sales@example.net: joe\n@example.org: jane\n" },
      sends: [{ to: "sales@example.net" }, { to: "anybody@example.org" }],
      arrives: { joe: [HELLO], jane: [HELLO] },
    },
    {
      language: "ts",
      files: { users: "sales@example.net: joe\n" },
      accounts: ["joe"],
      programs: ["procmail"],
      sends: [{ to: "sales@example.net" }],
    },
  ],
  when: [
    { sends: [{ code: 451 }], arrives: {} },
    {
      instead: {
        "weekday: [sat], leap-year: true":
          `weekday: [${TODAY.weekdays}], leap-year: ${TODAY.leapYear}`,
      },
      sends: [{ client: "192.0.2.7" }, { client: "192.0.2.7", to: "ann@example.org" }],
      arrives: { joe: [HELLO], "ann@example.org": [HELLO] },
    },
  ],
  zone: [
    zoneCase({ programs: ["nsd"] }),
    zoneCase({ language: "ts", accounts: ["joe", "jane"], programs: ["nsd", "procmail"] }),
  ],
};

/** The zone of the examples: mail for each of its users is in his mailbox. */
function zoneCase(how: Case): Case {
  return {
    ...how,
    zones: { "_postmaster.example.net": policyZone },
    sends: [
      { to: "joe@example.net" },
      { to: "jane@example.net" },
      { to: "sales@example.net" },
      { to: "anybody@example.net" },
      { to: "old@example.net", code: 550 },
      { to: "eve@example.org" },
      { to: "eve@example.com", code: 550 },
    ],
    arrives: {
      joe: [HELLO, HELLO, HELLO],
      jane: [HELLO, HELLO],
      "eve@example.org": [HELLO],
    },
  };
}

/** Who was refused four recipients is banned: what came before has arrived. */
function bannedAfterFour(): Case {
  const strangers = ["a", "b", "c", "d"].map((local) => `${local}@example.net`);
  return { sends: [{}, { to: strangers, code: 421 }, { code: 421 }] };
}

/** A message with a file in it. */
function withFile(name: string): string {
  return `Subject: hello\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n` +
    `--b\nContent-Disposition: attachment; filename="${name}"\n\nMZ\n--b--\n`;
}

/** What a case is in full. */
function arrivalOf(name: string, { language, instead = {}, ...rest }: Case): Arrival {
  let code = example(name, language);
  for (const [from, to] of Object.entries(instead)) code = code.replaceAll(from, to);
  const whole = { yaml: code, sends: [{}], arrives: JOE, ...rest };
  if (language !== "ts") return whole;
  return {
    ...whole,
    yaml: "handlers: [./example.ts]",
    files: { ...rest.files, "example.ts": code },
  };
}

Deno.test("every ready-made handler has a test in which mail arrives", () => {
  assert.deepEqual(Object.keys(CASES).sort(), [...readyMade.keys()].sort());
});

/** Set where the addresses of clients from elsewhere are this machine's: in a network of its own. */
const ELSEWHERE = Deno.env.get("POSTMASTER_TEST_ELSEWHERE") !== undefined;
const isFromElsewhere = ({ sends = [] }: Case) => sends.some(({ client }) => client !== undefined);

for (const [name, cases] of Object.entries(CASES)) {
  for (const one of [cases].flat()) {
    if (isFromElsewhere(one) !== ELSEWHERE) continue;
    const needs = [
      need(...one.programs ?? []),
      ...(one.accounts === undefined ? [] : [needRoot()]),
    ];
    Deno.test({
      name: `mail arrives with ${name}${one.language === "ts" ? " in TypeScript" : ""}`,
      ignore: needs.some(({ ignore }) => ignore),
      fn: async () => {
        const arrival = arrivalOf(name, one);
        assert.deepEqual(await arrivalsOf(arrival), wanted(arrival));
      },
    });
  }
}

const CLIENTS = Object.values(CASES).flat().flatMap(({ sends = [] }) => sends)
  .flatMap(({ client }) => client ?? []);

Deno.test({
  name: "mail arrives from clients elsewhere",
  ignore: ELSEWHERE || needOwnNetwork().ignore,
  fn: async () => {
    const addresses = [...new Set(CLIENTS)].map((one) => `ip address add ${one} dev lo`);
    const script = ["ip link set lo up", ...addresses, 'exec "$@"'].join(" && ");
    const test = [Deno.execPath(), "test", "--allow-all", import.meta.filename!];
    const { success, stdout, stderr } = await new Deno.Command("unshare", {
      args: ["--net", "sh", "-c", script, "sh", ...test],
      env: { POSTMASTER_TEST_ELSEWHERE: "1", NO_COLOR: "1" },
    }).output();
    assert.ok(success, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
  },
});
