import assert from "node:assert/strict";
import { chain, discard, type Handler, on, say } from "postmaster";
import { Client } from "postmaster/testing";
import {
  addHeader,
  announce,
  greeting,
  heloPolicy,
  impatient,
  localHosts,
  noRouteAddr,
  relayTo,
  rewriteRecipient,
  when,
} from "postmaster/handlers";
import { ModuleLoader } from "../../src/modules/loader.ts";
import { parseConfig } from "../config/with_postmaster.ts";
import { loadHandler } from "../../src/config/modules.ts";

const YAML = `
- greeting: no spam please
- announce: { keywords: [XCHATTY] }
- impatient: { bound: 2 }
- helo-policy
- no-route-addr
- add-header: { name: X-Checked, value: "yes" }
- rewrite-recipient: { "@old.example": "@example.net" }
- when: { if: { weekday: sat, time-zone: UTC }, then: { relay-to: { domains: [example.org] } } }
- relay-to: { networks: [192.0.2.128/25] }
- local-hosts: [example.net]
`;

const TYPESCRIPT: Handler = chain(
  greeting("no spam please"),
  announce({ keywords: ["XCHATTY"] }),
  impatient({ bound: 2 }),
  heloPolicy(),
  noRouteAddr(),
  addHeader({ name: "X-Checked", value: "yes" }),
  rewriteRecipient({ "@old.example": "@example.net" }),
  when({
    if: { weekday: "sat", timeZone: "UTC" },
    then: relayTo({ domains: ["example.org"] }),
  }),
  relayTo({ networks: ["192.0.2.128/25"] }),
  localHosts(["example.net"]),
);

/** joe is known. */
const mailboxes = on(
  "AddRcptTo",
  ({ mailbox }) => mailbox.local === "joe" ? discard() : say(5, 5, 0, "unknown recipient", "5.1.1"),
);

const SESSIONS: readonly (readonly string[])[] = [
  [
    "EHLO client.example.org",
    "MAIL FROM:<ann@example.org>",
    "RCPT TO:<joe@old.example>",
    "RCPT TO:<joe@example.org>",
    "DATA",
    "Subject: hi\r\n\r\nhi\r\n.",
    "QUIT",
  ],
  ["HELO mx.example.net", "MAIL FROM:<ann@example.org>", "RCPT TO:<joe@example.net>"],
  [
    "EHLO client.example.org",
    "MAIL FROM:<@relay.example:ann@example.org>",
    "MAIL FROM:<>",
    "RCPT TO:<jim@example.net>",
    "RCPT TO:<joe@example.com>",
  ],
];

const DAYS = ["2026-11-27T12:00:00Z", "2026-11-28T12:00:00Z"];
const PEERS = ["192.0.2.1", "192.0.2.200"];

/** What every session is answered, on every day and for every client, and what is kept. */
async function answers(policy: Handler): Promise<string[]> {
  const all: string[] = [];
  for (const day of DAYS) {
    for (const address of PEERS) {
      for (const lines of SESSIONS) {
        using client = Client.of(policy, { time: new Date(day), peer: { address, port: 1 } });
        all.push(`${day} ${address}`, print(await client.reply()));
        for (const line of lines) {
          if (client.closed) break;
          all.push(line, print(await client.command(line)));
        }
        all.push(
          ...client.kept.map(({ recipients, target, message }) =>
            `${recipients} ${target} ${/^X-Checked: .*$/m.exec(message)?.[0]}`
          ),
        );
      }
    }
  }
  return all;
}

const print = ({ code, lines }: { code: number; lines: readonly string[] }): string =>
  `${code} ${lines.join("/").replace(/delivered as \w+/, "delivered")}`;

Deno.test("ten handlers in ten lines of YAML answer as they do in ten lines of TypeScript", async () => {
  assert.equal(YAML.trim().split("\n").length, 10);
  const text = `hostname: mx.example.net\nhandlers:${YAML}`;
  const { handlers } = parseConfig(
    `${text}\nrelay: {command: [sendmail]}`,
    "/nowhere/postmaster.yaml",
  );
  using loader = new ModuleLoader();
  const policy = chain(
    ...(await Promise.all(handlers.map((entry) => loadHandler(entry, loader)))).map(({ handler }) =>
      handler
    ),
  );
  const written = await answers(chain(policy, mailboxes));
  const typed = await answers(chain(TYPESCRIPT, mailboxes));
  assert.deepEqual(written, typed);
  for (
    const pattern of [/^421 Hasta/, /^550 you are not me/, /^553 source/, /^joe@example\.org relay/]
  ) {
    assert.ok(typed.some((line) => pattern.test(line)), `${pattern}\n${typed.join("\n")}`);
  }
  assert.ok(typed.includes("joe@example.net discard X-Checked: yes"), typed.join("\n"));
});
