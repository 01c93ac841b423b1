/**
 * The running program judges who sent a message, with a real DNS, and says so in the message.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Client } from "../../src/testing/client.ts";
import { message, rsaKey, signature } from "../authenticity/signed.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { queued } from "../relay/relaying.ts";
import { codes, type Directory, Running, type Settings, until } from "../running.ts";

const key = rsaKey();
const text = (record: string): string => record.replace(/.{1,200}/g, '"$&" ');

const ZONES: Readonly<Record<string, string>> = {
  "reject.example": [
    '_dmarc TXT "v=DMARC1; p=reject"',
    '@ TXT "v=spf1 ip4:192.0.2.1 -all"',
    `one._domainkey TXT ${text(key.record)}`,
  ].join("\n"),
  "quarantine.example": '_dmarc TXT "v=DMARC1; p=quarantine"',
  "local.example": '_dmarc TXT "v=DMARC1; p=reject"\n@ TXT "v=spf1 ip4:127.0.0.0/8 -all"',
  "sick.example": "@ A 192.0.2.1",
  "evil.example": "@ A 192.0.2.1",
  "client.example": "@ A 192.0.2.1",
  "free.example": "@ A 192.0.2.1",
};

/** nsd, which cannot load one of the zones and answers SERVFAIL for its names. */
const dns = (): Promise<Nsd> =>
  Nsd.start(ZONES, (name) => name === "sick.example" ? "missing" : `${name}.zone`);

/** A server that checks clients on this machine, too. */
const checking = (nsd: Nsd, options: object = {}, more: Settings = {}) => (): Settings => ({
  handlers: [{ "sender-authentication": { except: [], ...options } }],
  dns: { servers: [nsd.address], timeout: "1 s", attempts: 1 },
  users: ["you", "quarantine"],
  log: { level: "info" },
  ...more,
});

/** Sends a message of a stranger and returns the reply. */
async function send(client: Client, content: string, sender = "x@evil.example"): Promise<string> {
  const commands = [`MAIL FROM:<${sender}>`, "RCPT TO:<you@example.net>", "DATA"];
  deepEqual(await codes(client, "EHLO client.example", ...commands), [250, 250, 250, 354]);
  client.send(`${content}\r\n.\r\n`);
  const { code, enhanced } = await client.reply();
  return `${code} ${enhanced}`;
}

/** The messages that have been delivered, the last one first. */
const delivered = ({ directory }: { readonly directory: Directory }): string =>
  directory.read("mail");

/** The results in the field on top of the last message. */
function results(server: Running): string {
  const fields = delivered(server).match(
    /^Authentication-Results: mx\.example\.net;(?:\n[ \t].*)+/gm,
  );
  return [...(fields?.at(-1) ?? "").matchAll(/\n\t(\w+=\w+)/g)].map(([, one]) => one).join(" ");
}

Deno.test({
  name: "the program refuses, marks and accepts by the policy of the author's domain",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await dns();
    await using server = await Running.start(checking(nsd));
    using client = await server.connect();
    const from = (author: string) => message([], { fields: `From: ${author}\r\nSubject: x\r\n` });

    equal(await send(client, from("ceo@reject.example")), "550 5.7.1");
    equal(delivered(server), "");
    match(
      await server.logs(/policy of the author's domain applied/),
      /domain=reject\.example applied=reject/,
    );

    equal(await send(client, from("ceo@quarantine.example")), "250 2.0.0");
    match(delivered(server), /^X-Quarantine: DMARC policy of quarantine\.example$/m);
    equal(results(server), "spf=none dkim=none arc=none dmarc=fail");

    equal(await send(client, from("joe@local.example"), "joe@local.example"), "250 2.0.0");
    equal(results(server), "spf=pass dkim=none arc=none dmarc=pass");

    const fields = "From: joe@reject.example\r\nTo: you@example.net\r\nSubject: x\r\n";
    const field = signature({ key, fields, tags: { d: "reject.example" } });
    equal(await send(client, message([field], { fields })), "250 2.0.0");
    equal(results(server), "spf=none dkim=pass arc=none dmarc=pass");

    equal(await send(client, from("joe@sick.example"), "joe@sick.example"), "250 2.0.0");
    equal(results(server), "spf=temperror dkim=none arc=none dmarc=temperror");

    await nsd.stop();
    equal(await send(client, from("joe@unseen.example"), "joe@unseen.example"), "250 2.0.0");
    equal(results(server), "spf=temperror dkim=none arc=none dmarc=temperror");
  },
});

Deno.test({
  name: "results that speak for the server come from the server alone, on all ways",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await dns();
    const forged = (id: string) =>
      `Authentication-Results: ${id}; dmarc=pass header.from=bank.example\r\n`;
    const fields = [
      forged("Mail.Example.NET"),
      "From: joe@free.example\r\n",
      forged("mx.example.net"),
      forged("(us) mail.example.net 1"),
      `Authentication-Results:\r\n mail.example.net;\r\n\tdmarc=pass${
        "\r\n\t(x)".repeat(3000)
      }\r\n`,
    ].join("");
    const content = message([], { fields });
    const own = { "authserv-id": "mail.example.net" };
    const kept = (mail: string) =>
      [
        ...mail.replaceAll("\r", "").matchAll(/^Authentication-Results:\s*([^;\n]*)/gmi),
      ].map(([, id]) => id);
    const ways: Readonly<Record<string, Settings>> = {
      "checked": own,
      "not checked": { ...own, handlers: [] },
      "queued": { ...own, deliver: "queued" },
      "before the reply, with a queue": {
        ...own,
        deliver: "before-reply",
        queue: { retry: ["1 h"] },
      },
    };
    for (const [way, settings] of Object.entries(ways)) {
      await using server = await Running.start(checking(nsd, {}, settings));
      using client = await server.connect();
      equal(await send(client, content), "250 2.0.0", way);
      const mail = await until("it is delivered", () => {
        const mail = delivered(server);
        return mail.includes("hungry") && mail;
      });
      ok(!mail.includes("mail.example.net; dmarc=pass"), way);
      deepEqual(kept(mail), [
        ...way === "not checked" ? [] : ["mail.example.net"],
        "mx.example.net",
      ], way);
    }
  },
});

Deno.test({
  name: "mail that is put aside waits for the operator, or goes to one address, also by LMTP",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await dns();
    const content = message([], { fields: "From: ceo@quarantine.example\r\n" });
    {
      await using server = await Running.start(
        checking(nsd, { quarantine: "hold" }, { deliver: "queued", queue: { retry: ["1 h"] } }),
      );
      using client = await server.connect();
      equal(await send(client, content), "250 2.0.0");
      const [held] = await until("it is in the queue", async () => {
        const all = await queued(server);
        return all.length > 0 && all;
      });
      match(JSON.stringify(held), /DMARC policy of quarantine\.example/);
      equal(delivered(server), "");
    }
    const listen = [{ address: "127.0.0.1:0", kind: "lmtp" }];
    await using server = await Running.start((directory) => ({
      ...checking(nsd, { quarantine: { to: "quarantine@example.net" } }, { listen })(),
      mailer: { command: ["sh", "-c", `cat >>${directory.of("mail")}-$0`, "{user}"] },
    }));
    using client = await server.connect();
    const commands = [
      "LHLO client.example",
      ...["MAIL FROM:<x@evil.example>", "RCPT TO:<you@example.net>", "DATA"],
    ];
    deepEqual(await codes(client, ...commands), [250, 250, 250, 354]);
    client.send(`${content}\r\n.\r\n`);
    equal((await client.reply()).code, 250);
    match(server.directory.read("mail-quarantine"), /dmarc=fail/);
    equal(server.directory.read("mail-you"), "");
  },
});
