/**
 * The examples of the documentation: what is sent to a server with one of them arrives where they say.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type Arrival,
  arrivalsOf,
  HELLO,
  michelleSays,
  TODAY,
  wanted,
} from "../handlers/arrivals.ts";
import { need, needRoot } from "../need.ts";

const read = (path: string): string =>
  Deno.readTextFileSync(new URL(`../../docs/${path}`, import.meta.url));

/** The block of a page that has this text in it. */
function block(text: string, page = "handlers.md"): string {
  const found = read(page).split(/^```(?:ts|yaml)?\n/m).find((part) => part.includes(text));
  assert.ok(found !== undefined, `${page} has no example with ${text}`);
  return found;
}

/** A configuration that is nothing but a module, the example. */
const only = (ts: string): Pick<Arrival, "yaml" | "files"> => ({
  yaml: "handlers: [./example.ts]",
  files: { "example.ts": ts },
});

interface Example extends Arrival {
  readonly programs?: readonly string[];
}

const { weekdays, leapYear } = TODAY;
const TO_JOE = { sends: [{}], arrives: { joe: [HELLO] } };
const SATURDAY = {
  sends: [{}, { to: "eve@example.org" }, { to: "eve@example.com", code: 550 }],
  arrives: { joe: [HELLO], "eve@example.org": [HELLO] },
};
const TICKET = "Subject: Re: ticket #4711\n\nIt works.\n";
const FROM_JOE = "From: joe@example.net\n\nhello\n";
const MICHELLE = {
  sends: [{ text: michelleSays("no") }],
  arrives: { joe: [michelleSays("yes")] },
};

const EXAMPLES: Readonly<Record<string, Example>> = {
  "examples/start.yaml": {
    yaml: read("examples/start.yaml")
      .replaceAll("/tmp/postmaster-mail", "/etc/postmaster/mailboxes/you"),
    sends: [
      ...[{ to: "you@example.net" }, { to: "postmaster" }],
      { to: "nobody@example.net", code: 550 },
    ],
    arrives: { you: [HELLO, HELLO] },
  },
  "examples/bounces.ts": { // what becomes of the bounce, tests/targets/define_test.ts looks at
    ...only(read("examples/bounces.ts").replace("/var/spool/bounces", "/etc/postmaster/")),
    sends: [{ from: "" }, {}],
    arrives: { joe: [HELLO] },
  },
  "examples/readme.yaml": {
    yaml: read("examples/readme.yaml")
      .replaceAll("/tmp/mail-for-{user}", "/etc/postmaster/mailboxes/{user}"),
    files: {
      "readme.ts": read("examples/readme.ts")
        .replace("/tmp/tickets", "/etc/postmaster/mailboxes/tickets"),
    },
    sends: [{}, { to: "jane@example.net", text: TICKET }],
    arrives: { joe: [HELLO], tickets: [TICKET] },
  },
  "examples/executables.ts": {
    ...only(read("examples/executables.ts")),
    sends: [{}, {
      text: 'Content-Type: application/octet-stream; name="a.exe"\n\nMZ\n',
      code: 554,
    }],
    arrives: { joe: [HELLO] },
  },
  "examples/recipients_per_hour.ts": {
    ...only(read("examples/recipients_per_hour.ts").replace("<= 100", "<= 1")),
    sends: [{}, { code: 452 }, { from: "bob@example.org" }],
    arrives: { joe: [HELLO, `<bob@example.org> ${HELLO}`] },
  },
  "examples/residents.yaml": {
    yaml: read("examples/residents.yaml"),
    files: { "residents.ts": read("examples/residents.ts") },
    accounts: ["joe", "jane"],
    programs: ["procmail"],
    sends: [
      { to: "joe@example.net" },
      { to: "jane@example.net" },
      { from: "joe@example.net", to: "jane@example.net" },
      { to: "nobody@example.net", code: 553 },
    ],
    arrives: {
      joe: [HELLO],
      jane: [HELLO, `<joe@example.net> ${HELLO}`],
      "janes.husband@example.com": [HELLO],
    },
  },
  "examples/submission.yaml": {
    yaml: read("examples/submission.yaml"),
    sends: [
      { code: 451 },
      { from: "joe@example.net", code: 553 },
      { to: "eve@example.com", code: 550 },
      { user: "joe", from: "joe@example.net", to: "ann@example.com", text: FROM_JOE },
      { user: "joe", from: "sales@example.net", to: "team@example.net", text: FROM_JOE },
      { user: "joe", from: "jane@example.net", code: 553 },
      { user: "joe", from: "joe@example.net", text: "From: jane@example.net\n\nhi\n", code: 550 },
    ],
    arrives: {
      "ann@example.com": [FROM_JOE],
      joe: [`<sales@example.net> ${FROM_JOE}`],
      jane: [`<sales@example.net> ${FROM_JOE}`],
    },
  },
  "examples/leap_saturday.yaml": {
    yaml: read("examples/leap_saturday.yaml")
      .replace("weekday: sat, leap-year: true", `weekday: [${weekdays}], leap-year: ${leapYear}`),
    ...SATURDAY,
  },
  "examples/leap_saturday.ts": {
    ...only(
      read("examples/leap_saturday.ts").replace(
        'weekday: "sat", leapYear: true',
        `weekday: ${JSON.stringify(weekdays)}, leapYear: ${leapYear}`,
      ),
    ),
    ...SATURDAY,
  },
  "examples/michelle.ts": { ...only(read("examples/michelle.ts")), ...MICHELLE },
  "examples/zone.yaml": {
    yaml: read("examples/zone.yaml"),
    zones: { "_postmaster.example.net": read("examples/zone.txt") },
    accounts: ["joe", "jane"],
    programs: ["nsd", "procmail"],
    sends: [
      { to: "joe@example.net" },
      { to: "jane@EXAMPLE.net" },
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
  },
  "tutorial.md, unix.yaml": {
    yaml: block("users: passwd", "tutorial.md"),
    accounts: ["joe"],
    programs: ["procmail"],
    sends: [
      ...[{ to: "joe@example.net" }, { to: "joe+list@example.net" }, { to: "abuse@example.net" }],
      { to: "eve@example.net", code: 550 },
    ],
    arrives: { joe: [HELLO, HELLO], "postmaster@example.com": [HELLO] },
  },
  "handlers.md, nobody": { ...only(block("nobody lives here")), ...TO_JOE },
  "handlers.md, discreet": {
    ...only(block("const discreet")),
    sends: [{ to: "JOE@example.net" }, { to: "nobody@example.net", code: 550 }],
    arrives: { joe: [HELLO] },
  },
  "events.md, XCHATTY": { ...only(block("nice weather today", "events.md")), ...TO_JOE },
  "handlers.md, archive": {
    ...only(block("const archive")),
    accounts: ["archive"],
    programs: ["procmail"],
    sends: [{}],
    arrives: {
      joe: [`X-Client: 127.0.0.1\n${HELLO}`],
      archive: [`X-Client: 127.0.0.1\n${HELLO}`],
    },
  },
  "handlers.md, lottery": {
    ...only(block("lottery")),
    sends: [{}, { text: "Subject: the lottery\n\nhello\n", code: 554 }],
    arrives: { joe: [HELLO] },
  },
};

for (const [name, example] of Object.entries(EXAMPLES)) {
  const { programs = [], accounts = [] } = example;
  Deno.test({
    name: `mail arrives where the example says: ${name}`,
    ignore: need(...programs).ignore || (accounts.length > 0 && needRoot().ignore),
    fn: async () => assert.deepEqual(await arrivalsOf(example), wanted(example)),
  });
}

Deno.test("every configuration and policy among the examples has mail that arrives", () => {
  const files = [...Deno.readDirSync(new URL("../../docs/examples/", import.meta.url))]
    .map(({ name }) => name).filter((name) => /\.(yaml|ts)$/.test(name));
  const covered = Object.keys(EXAMPLES).map((name) => name.replace("examples/", ""));
  const own = files.filter((name) =>
    !name.endsWith("_test.ts") && name !== "readme.ts" && name !== "residents.ts"
  );
  assert.deepEqual(own.filter((name) => !covered.includes(name)), []);
});
