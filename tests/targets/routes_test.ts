/**
 * What is known of a recipient once its mail is under way.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, Mailbox, on, type Route } from "postmaster";
import { alias } from "postmaster/handlers";
import { Client } from "postmaster/testing";
import { consign, handOver } from "../../src/targets/consignment.ts";
import { NO_PARAMETERS } from "../../src/smtp/parameters.ts";
import { keeping, type Kept } from "../../src/testing/outbox.ts";
import { ENVELOPE, HELLO } from "../targets/deliver.ts";

Deno.test("a route knows the recipient as the client named it, also through aliases", async () => {
  let routes: readonly Route[] = [];
  const policy = chain(
    on("Deliver", (event, next) => {
      routes = event.routes;
      return next();
    }),
    alias({ sales: ["joe@example.net", "jane@example.net"], info: "sales" }),
    on("AddRcptTo", () => discard()),
  );
  const client = Client.of(policy);
  const commands = [
    ...["EHLO a.example", "MAIL FROM:<>", "RCPT TO:<info@example.net>"],
    ...["RCPT TO:<joe@EXAMPLE.net>", "DATA", ".", "QUIT", ""],
  ];
  client.send(commands.join("\r\n"));
  while (await client.line() !== undefined);
  assert.deepEqual(
    routes.map((
      { recipient, original, parameters },
    ) => [`${recipient}`, `${original}`, parameters]),
    [
      ["joe@example.net", "info@example.net", NO_PARAMETERS],
      ["jane@example.net", "info@example.net", NO_PARAMETERS],
      ["joe@EXAMPLE.net", "joe@EXAMPLE.net", NO_PARAMETERS],
    ],
  );
});

Deno.test("one mail for two recipients of the client has one outcome, and says it of both", async () => {
  const joe = Mailbox.parse("joe@example.net");
  const routes = ["joe@example.net", "info@example.net"].map((original) => ({
    recipient: joe,
    target: discard(),
    original: Mailbox.parse(original),
  }));
  const kept: Kept[] = [];
  const { own } = consign(routes, keeping(kept));
  const context = {
    envelope: ENVELOPE,
    log: Object.assign(() => {}, { wants: () => false }),
    signal: new AbortController().signal,
  };
  const results = await handOver(own, HELLO, context);
  assert.deepEqual(kept.map(({ recipients }) => recipients.map(String)), [["joe@example.net"]]);
  assert.deepEqual(
    results.map((result) => [result.outcome.result, result.routes.map((r) => `${r.original}`)]),
    [["delivered", ["joe@example.net", "info@example.net"]]],
  );
});
