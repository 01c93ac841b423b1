/**
 * Every command in every state: the code that RFC 5321 sections 4.1.4 and 4.3.2, and the RFC of each extension, want,
 * and the state in which the session is afterwards.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, on, say } from "postmaster";
import { verify } from "postmaster/handlers";
import { Client } from "postmaster/testing";
import { RULES } from "../../src/server/commands.ts";
import { codes } from "../running.ts";
import { onlyJoe } from "./policy.ts";

/** What leads to each state. */
const STATES = {
  connected: [],
  greeted: ["EHLO c.example"],
  mail: ["EHLO c.example", "MAIL FROM:<a@example.org>"],
  rcpt: ["EHLO c.example", "MAIL FROM:<a@example.org>", "RCPT TO:<joe@example.net>"],
  chunks: [
    ...["EHLO c.example", "MAIL FROM:<a@example.org>", "RCPT TO:<joe@example.net>"],
    "BDAT 4\r\nab",
  ],
} as const satisfies Record<string, readonly string[]>;
type StateName = keyof typeof STATES;
const NAMES = Object.keys(STATES) as StateName[];

/** What a recipient elsewhere gets in each state, by which a test knows the state. */
const SIGNS: Readonly<Record<StateName, string>> = {
  connected: "503 say HELO or EHLO first",
  greeted: "503 say MAIL first",
  mail: "550 relaying denied",
  rcpt: "550 relaying denied",
  chunks: "503 the rest of the message must come first, or RSET",
};

type Codes = readonly [
  connected: number,
  greeted: number,
  mail: number,
  rcpt: number,
  chunks: number,
];
/** The same in each state. */
const ALWAYS = (code: number): Codes => [code, code, code, code, code];

/** Each line, the codes of the states, and where a positive reply leads, if that is another state. */
const TABLE: readonly (readonly [line: string, codes: Codes, leads?: StateName])[] = [
  ["HELO c.example", ALWAYS(250), "greeted"],
  ["EHLO c.example", ALWAYS(250), "greeted"],
  ["HELO", ALWAYS(501)],
  ["EHLO a b", ALWAYS(501)],
  ["LHLO c.example", ALWAYS(500)],
  ["MAIL FROM:<b@example.org>", [503, 250, 503, 503, 503], "mail"],
  ["MAIL FROM:<>", [503, 250, 503, 503, 503], "mail"],
  ["MAIL FROM:b@example.org", ALWAYS(501)],
  ["MAIL", ALWAYS(501)],
  ["MAIL FROM:<b@example.org> XYZZY=1", [503, 555, 503, 503, 503]],
  ["RCPT TO:<joe@example.net>", [503, 503, 250, 250, 503], "rcpt"],
  ["RCPT TO:<x@example.com>", [503, 503, 550, 550, 503]],
  ["RCPT TO:<>", ALWAYS(501)],
  ["DATA", [503, 503, 503, 354, 503]],
  ["DATA now", ALWAYS(501)],
  ["BDAT 4\r\nab", [503, 503, 503, 250, 250], "chunks"],
  ["BDAT 4 LAST\r\nab", [503, 503, 503, 250, 250], "greeted"],
  ["RSET", ALWAYS(250), "greeted"],
  ["RSET now", ALWAYS(501)],
  ["NOOP", ALWAYS(250)],
  ["NOOP anything at all", ALWAYS(250)],
  ["HELP", ALWAYS(214)],
  ["HELP MAIL", ALWAYS(214)],
  ["HELP XYZZY", ALWAYS(504)],
  ["VRFY joe@example.net", ALWAYS(250)],
  ["VRFY nobody@example.net", ALWAYS(550)],
  ["VRFY", ALWAYS(501)],
  ["EXPN joe@example.net", ALWAYS(550)],
  ["EXPN", ALWAYS(501)],
  ["ETRN example.org", [503, 250, 503, 503, 503]],
  ["ETRN @", [503, 501, 503, 503, 503]],
  ["STARTTLS", ALWAYS(502)],
  ["AUTH PLAIN", ALWAYS(502)],
  ["TURN", ALWAYS(502)],
  ["SEND FROM:<a@example.org>", ALWAYS(502)],
  ["XYZZY", ALWAYS(500)],
  ["QUIT", ALWAYS(221)],
  ["QUIT now", ALWAYS(501)],
];

const policy = chain(
  verify({ networks: ["192.0.2.0/24"], lists: true, domains: ["example.net"] }),
  on("StartQueue", () => say(2, 5, 0, "queuing started")),
  onlyJoe,
);

/** A client in a state. */
async function at(state: StateName): Promise<Client> {
  const client = Client.of(policy);
  await client.reply();
  for (const code of await codes(client, ...STATES[state])) assert.equal(code, 250);
  return client;
}

/** The reply in short. */
async function said(client: Client, line: string): Promise<string> {
  const { code, lines } = await client.command(line);
  return `${code} ${lines[0]}`;
}

for (const [line, expected, leads] of TABLE) {
  Deno.test(`in each state, ${JSON.stringify(line)} gets its code and leads where it should`, async () => {
    for (const [i, state] of NAMES.entries()) {
      using client = await at(state);
      const code = await client.command(line).then(({ code }) => code);
      assert.equal(code, expected[i], `${line} in ${state}`);
      if (code === 221) assert.equal(await client.line(), undefined);
      if (code === 221 || code === 354) continue;
      // Without a session, RSET has nothing to reset; a message that is begun again stays begun.
      const isReset = line === "RSET" && state === "connected";
      const after = code < 300 && leads !== undefined && !isReset ? leads : state;
      const where = `after ${line} in ${state}`;
      assert.equal(await said(client, "RCPT TO:<x@example.com>"), SIGNS[after], where);
      const data = await client.command("DATA");
      assert.equal(data.code, after === "rcpt" ? 354 : 503, where);
    }
  });
}

Deno.test("the table has every command of the server", () => {
  const verbs = new Set(TABLE.map(([line]) => line.split(/[ \r]/)[0]));
  for (const verb of [...Object.keys(RULES), "BDAT", "ETRN", "STARTTLS", "AUTH"]) {
    assert.ok(verbs.has(verb), verb);
  }
});
