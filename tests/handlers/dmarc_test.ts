/**
 * The handlers dmarc and sender-authentication in the engine: what becomes of messages, and what is said of them.
 */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { chain, discard, type Handler, on, say } from "postmaster";
import { dmarc, rewriteSender, senderAuthentication, spf } from "postmaster/handlers";
import { Client, type ClientOptions, FakeDns, type FakeZone } from "postmaster/testing";
import { message, rsaKey, signature } from "../authenticity/signed.ts";
import { PYTHON, relay, sealedByDkimpy, SEALERS } from "../authenticity/signers.ts";
import { needFile } from "../need.ts";

const key = rsaKey();
const NOBODY = say(5, 5, 0, "nobody", "5.1.1");

/** Domains with each policy, from which only 192.0.2.1 may send; `signs.example` has a key. */
const ZONE: FakeZone = {
  "_dmarc.reject.example": { TXT: ["v=DMARC1; p=reject"] },
  "_dmarc.quarantine.example": { TXT: ["v=DMARC1; p=quarantine"] },
  "_dmarc.none.example": { TXT: ["v=DMARC1; p=none"] },
  "_dmarc.untried.example": { TXT: ["v=DMARC1; p=reject; pct=0"] },
  "_dmarc.sick.example": "ESERVFAIL",
  "_dmarc.broken.example": { TXT: ["v=DMARC1; p=?"] },
  "reject.example": { TXT: ["v=spf1 ip4:192.0.2.1 -all"] },
  "one._domainkey.reject.example": { TXT: [[key.record.slice(0, 200), key.record.slice(200)]] },
  "ill._domainkey.reject.example": "ESERVFAIL",
  "ill._domainkey.none.example": "ESERVFAIL",
};

/** What is sent, and how. */
interface Sent extends ClientOptions {
  readonly from?: string;
  /** All fields instead of `From`. */
  readonly fields?: string;
  readonly text?: string;
  readonly sender?: string;
  readonly zone?: FakeZone;
}

/** What became of it. */
interface Outcome {
  readonly reply: string;
  /** The message as it was delivered; `""` if it was not. */
  readonly message: string;
  readonly recipients: string;
  readonly hold: string | undefined;
  readonly logged: string;
  readonly asked: readonly string[];
}

/** From a stranger, who may not send for anybody. */
async function send(handler: Handler, sent: Sent = {}): Promise<Outcome> {
  const { from = "Joe <joe@reject.example>", fields = `From: ${from}\r\n`, zone = {} } = sent;
  const { text = message([], { fields }), sender = "x@evil.example" } = sent;
  const dns = new FakeDns({ ...ZONE, ...zone });
  const logged: unknown[] = [];
  using client = Client.of(
    chain(
      handler,
      on("AddRcptTo", () => discard()),
    ),
    {
      peer: { address: "198.51.100.1", port: 1234 },
      dns,
      log: (...one) => void logged.push(one),
      ...sent,
    },
  );
  await client.reply();
  await client.command("EHLO client.example");
  const { code } = await client.command(`MAIL FROM:<${sender}>`);
  if (code === 250) {
    for (const line of ["RCPT TO:<you@example.net>", "DATA"]) await client.command(line);
    client.send(`${text}\r\n.\r\n`);
  }
  const { enhanced, lines, code: last } = code === 250
    ? await client.reply()
    : { code, enhanced: "", lines: [] };
  const kept = client.kept[0];
  return {
    reply: `${last} ${enhanced} ${lines.join(" ")}`,
    message: kept?.message ?? "",
    recipients: kept?.recipients.join() ?? "",
    hold: kept?.hold,
    logged: JSON.stringify(logged),
    asked: dns.asked,
  };
}

/** What the field on top says of a method. */
function says(message: string, method: string): string | undefined {
  const field = /^Authentication-Results: mx\.example\.net;(?:\r\n[ \t].*)+/.exec(message)?.[0];
  return field && new RegExp(`\\t${method}=(\\w+)`).exec(field)?.[1];
}

const byKey = (from: string, tags = {}) => {
  const fields = `From: ${from}\r\nTo: you@example.net\r\nSubject: x\r\n`;
  return message([signature({ key, fields, tags: { d: "reject.example", ...tags } })], { fields });
};

const BOTH = { dmarc: dmarc(), "sender-authentication": senderAuthentication() };

for (const [name, handler] of Object.entries(BOTH)) {
  Deno.test(`${name} does what the author's domain wants`, async () => {
    const refused = await send(handler);
    equal(
      refused.reply,
      "550 5.7.1 neither SPF nor DKIM shows that this message is of reject.example " +
        "(DMARC policy of reject.example)",
    );
    equal(refused.message, "");
    match(
      refused.logged,
      /"domain":"reject\.example","applied":"reject",.*policy of the author's domain applied/,
    );

    const marked = await send(handler, { from: "joe@sub.quarantine.example" });
    match(marked.reply, /^250/);
    match(marked.message, /\r\nX-Quarantine: DMARC policy of quarantine\.example\r\n/);
    equal(says(marked.message, "dmarc"), "fail");

    const noted = await send(handler, { from: "joe@none.example" });
    match(noted.reply, /^250/);
    equal(says(noted.message, "dmarc"), "fail");
    ok(!noted.message.includes("X-Quarantine"));

    const free = await send(handler, { from: "joe@free.example" });
    match(free.reply, /^250/);
    equal(says(free.message, "dmarc"), "none");
  });

  Deno.test(`${name} lets pass what an aligned domain stands for`, async () => {
    const own = { peer: { address: "192.0.2.1", port: 1 }, sender: "joe@reject.example" };
    const bySpf = await send(handler, own);
    match(bySpf.reply, /^250/);
    deepEqual([says(bySpf.message, "spf"), says(bySpf.message, "dmarc")], ["pass", "pass"]);
    match(bySpf.message, /^Authentication-Results: .*(\r\n[ \t].*)+\r\nReceived: /);

    const byDkim = await send(handler, { text: byKey("joe@mail.reject.example") });
    match(byDkim.reply, /^250/);
    deepEqual([says(byDkim.message, "dkim"), says(byDkim.message, "dmarc")], ["pass", "pass"]);

    match((await send(handler, { ...own, sender: "joe@evil.example" })).reply, /^550/);
    match((await send(handler, { text: byKey("joe@quarantine.example") })).message, /X-Quarantine/);
    match((await send(handler, { text: `${byKey("joe@reject.example")}x` })).reply, /^550/);
  });

  Deno.test(`${name} refuses nothing for good while the DNS does not answer, and lets in nothing that may have to be refused`, async () => {
    const sick = await send(handler, { from: "joe@sick.example" });
    match(sick.reply, /^250/);
    equal(says(sick.message, "dmarc"), "temperror");
    const ill = { text: byKey("joe@reject.example", { s: "ill" }) };
    match((await send(handler, ill)).reply, /^451 4\.4\.3/);
    const zone = {
      "broken.reject.example": "ETIMEOUT",
      "broken.quarantine.example": "ETIMEOUT",
    } as const;
    const forged = { sender: "joe@broken.reject.example", zone };
    match((await send(handler, forged)).reply, /^451 4\.4\.3/);
    const doubtful = { from: "joe@quarantine.example", sender: "joe@broken.quarantine.example" };
    const marked = await send(handler, { ...doubtful, zone });
    match(marked.reply, /^250/);
    deepEqual([says(marked.message, "spf"), says(marked.message, "dmarc")], [
      "temperror",
      "temperror",
    ]);
    const broken = await send(handler, { from: "joe@broken.example" });
    match(broken.reply, /^250/);
    equal(says(broken.message, "dmarc"), "permerror");
  });
}

Deno.test("dmarc() defers by configuration, where the answer could matter", async () => {
  const handler = dmarc({ inDoubt: "defer" });
  match((await send(handler, { from: "joe@sick.example" })).reply, /^451 4\.4\.3/);
  match((await send(handler, { text: byKey("joe@reject.example", { s: "ill" }) })).reply, /^451/);
  const harmless = byKey("joe@none.example", { s: "ill", d: "none.example" });
  match((await send(handler, { text: harmless })).reply, /^250/);
  match((await send(handler)).reply, /^550/);
});

Deno.test("dmarc() accepts in doubt by configuration, and where nothing is refused", async () => {
  const ill = { text: byKey("joe@reject.example", { s: "ill" }) };
  const accepted = await send(dmarc({ inDoubt: "accept" }), ill);
  match(accepted.reply, /^250/);
  deepEqual([says(accepted.message, "dkim"), says(accepted.message, "dmarc")], [
    "temperror",
    "temperror",
  ]);
  for (const options of [{ reject: "none" }, { exceptAuthors: "reject.example" }] as const) {
    match((await send(dmarc(options), ill)).reply, /^250/);
  }
});

Deno.test("dmarc() does as configured with what is to be rejected and put aside", async () => {
  const quarantined = await send(dmarc({ reject: "quarantine" }));
  match(quarantined.message, /\r\nX-Quarantine: DMARC policy of reject\.example\r\n/);
  const noted = await send(dmarc({ reject: "none" }));
  match(noted.reply, /^250/);
  ok(!noted.message.includes("X-Quarantine"));
  match(noted.message, /dmarc=fail\s+reason="[^"]*; by configuration"/);

  const held = await send(dmarc({ quarantine: "hold" }), { from: "joe@quarantine.example" });
  equal(held.hold, "DMARC policy of quarantine.example");
  equal((await send(dmarc({ quarantine: "hold" }), { from: "joe@none.example" })).hold, undefined);

  const away = dmarc({ quarantine: { to: "quarantine@example.net" } });
  equal(
    (await send(away, { from: "joe@quarantine.example" })).recipients,
    "quarantine@example.net",
  );
  equal((await send(away, { from: "joe@none.example" })).recipients, "you@example.net");

  const ignored = await send(dmarc({ quarantine: "none" }), { from: "joe@quarantine.example" });
  match(ignored.reply, /^250/);
  ok(!ignored.message.includes("X-Quarantine"));
  throws(() => dmarc({ quarantine: { to: "nobody" } }));
});

Deno.test("dmarc() takes the next lower policy for what the domain does not choose", async () => {
  const { message } = await send(dmarc(), { from: "joe@untried.example" });
  match(message, /X-Quarantine: DMARC policy of untried\.example/);
  match(message, /not chosen by the domain/);
});

Deno.test("dmarc() defers while the address of the quarantine is not accepted", async () => {
  const refusing = chain(
    dmarc({ quarantine: { to: "quarantine@example.net" } }),
    on("AddRcptTo", ({ mailbox }, next) => mailbox.local === "quarantine" ? NOBODY : next()),
  );
  match((await send(refusing, { from: "joe@quarantine.example" })).reply, /^451 4\.3\.0/);
});

Deno.test("dmarc() makes exceptions for clients, users and authors", async () => {
  const fields = (one: Outcome) => [one.reply.slice(0, 3), says(one.message, "dmarc")];
  deepEqual(fields(await send(dmarc(), { user: "joe" })), ["250", undefined]);
  deepEqual(fields(await send(dmarc(), { peer: { address: "127.0.0.1", port: 1 } })), [
    "250",
    undefined,
  ]);
  deepEqual(fields(await send(dmarc(), { peer: { address: "::1", port: 1 } })), ["250", undefined]);
  deepEqual(fields(await send(dmarc(), { peer: { address: "unix", port: 0 } })), [
    "250",
    undefined,
  ]);
  deepEqual(fields(await send(dmarc({ except: "198.51.100.0/24" }))), ["250", undefined]);
  match(
    (await send(dmarc({ except: [] }), { peer: { address: "127.0.0.1", port: 1 } })).reply,
    /^550/,
  );

  const lenient = dmarc({ exceptAuthors: ["REJECT.example"] });
  const excepted = await send(lenient, { from: "joe@mail.reject.example" });
  deepEqual(fields(excepted), ["250", "fail"]);
  match(excepted.message, /mail\.reject\.example is an exception/);
  const zone = { "_dmarc.notreject.example": { TXT: ["v=DMARC1; p=reject"] } };
  match((await send(lenient, { from: "joe@notreject.example", zone })).reply, /^550/);
});

Deno.test("dmarc() checks the sender that the client has named, once", async () => {
  const peer = { address: "192.0.2.1", port: 1 };
  const sent = { peer, sender: "joe@reject.example" };
  const texts = ({ asked }: Outcome) => asked.filter((one) => one === "TXT reject.example").length;
  for (
    const handler of [
      dmarc(),
      senderAuthentication(),
      chain(spf(), dmarc()),
      chain(dmarc(), spf({ refuse: "fail" })),
      chain(dmarc(), rewriteSender({ "@reject.example": "@other.example" })),
    ]
  ) {
    const outcome = await send(handler, sent);
    match(outcome.reply, /^250/);
    equal(says(outcome.message, "dmarc"), "pass");
    equal(texts(outcome), 1);
  }
  // Bounces have no sender: the name in HELO counts.
  const bounce = await send(dmarc(), {
    peer,
    sender: "",
    from: "x@client.example",
    zone: {
      "client.example": { TXT: ["v=spf1 ip4:192.0.2.1 -all"] },
      "_dmarc.client.example": { TXT: ["v=DMARC1; p=reject"] },
    },
  });
  deepEqual([says(bounce.message, "spf"), says(bounce.message, "dmarc")], ["pass", "pass"]);
});

/** Fields by which readers may take a stranger for somebody of reject.example. */
const TRICKS: Readonly<Record<string, string>> = {
  "two fields": "From: x@evil.example\r\nFrom: ceo@reject.example\r\n",
  "two fields, the other way round": "From: ceo@reject.example\r\nFrom: x@evil.example\r\n",
  "a name with white space before the colon": "From : ceo@reject.example\r\n",
  "two addresses": "From: x@evil.example, ceo@reject.example\r\n",
  "an author among many": `From: ${"x@evil.example, ".repeat(2000)}ceo@reject.example\r\n`,
  "a group": "From: Chiefs: x@evil.example, ceo@reject.example;\r\n",
  "a name without quotes": "From: ceo@reject.example <x@evil.example>\r\n",
  "a route": "From: <@evil.example:ceo@reject.example>\r\n",
  "two at signs": "From: ceo@reject.example@evil.example\r\n",
  "comments": "From: ceo@(x)reject(y).(z)example\r\n",
  "white space": "From: ceo @ reject . example\r\n",
  "a final dot": "From: ceo@reject.example.\r\n",
  "another case": "From: ceo@REJECT.Example\r\n",
  "a subdomain that does not exist": "From: ceo@no.such.reject.example\r\n",
  "an empty label": "From: ceo@.reject.example\r\n",
  "a quote without an end": 'From: "ceo <ceo@reject.example>\r\n',
  "nothing but a name that looks like an address": 'From: "ceo@reject.example"\r\n',
  "nothing but an encoded word": "From: =?utf-8?b?Y2VvQHJlamVjdC5leGFtcGxl?=\r\n",
  "a long field": `From: ${"=?utf-8?q?x?=\r\n ".repeat(5000)}<ceo@reject.example>\r\n`,
  "a long comment": `From:\r\n${` (${"x".repeat(900)})\r\n`.repeat(60)} ceo@reject.example\r\n`,
  "no field": "Subject: x\r\n",
  "an empty field": "From:\r\n",
  "empty brackets": "From: CEO <>\r\n",
  "an empty group": "From: CEO:;\r\n",
  "too many domains": `From: ceo@reject.example, ${
    "abcdefgh".split("").map((a) => `x@${a}.example`)
  }\r\n`,
};

for (const [what, fields] of Object.entries(TRICKS)) {
  Deno.test(`dmarc() is not deceived by ${what}`, async () => {
    const sender = { peer: { address: "203.0.113.1", port: 1 }, sender: "x@evil.example" };
    const zone = {
      "evil.example": { TXT: ["v=spf1 +all"] },
      "_dmarc.evil.example": { TXT: ["v=DMARC1; p=none"] },
    };
    const { reply, logged } = await send(dmarc(), { fields, zone, ...sender });
    match(reply, /^550 5\.7\.1 /, logged);
  });
}

Deno.test("dmarc() lets pass names of people that look like addresses, as the author's domain counts", async () => {
  const zone = {
    "evil.example": { TXT: ["v=spf1 +all"] },
    "_dmarc.evil.example": { TXT: ["v=DMARC1; p=reject"] },
  };
  for (const name of ['"ceo@reject.example"', "=?utf-8?q?ceo=40reject=2Eexample?="]) {
    const { message } = await send(dmarc(), { from: `${name} <x@evil.example>`, zone });
    equal(says(message, "dmarc"), "pass");
    match(message, /header\.from=evil\.example/);
  }
});

Deno.test("the true results stand on top, and forged ones are gone, whatever is configured", async () => {
  const forged = "Authentication-Results: mx.example.net; dmarc=pass header.from=bank.example\r\n";
  const foreign =
    "Authentication-Results: mx.elsewhere.example; dmarc=pass header.from=a.example\r\n";
  const fields = `${forged}From: joe@none.example\r\n${foreign}${forged}`;
  const { message } = await send(dmarc(), { fields });
  ok(message.includes(foreign));
  ok(!message.includes("bank.example"));
  equal(says(message, "dmarc"), "fail");
  const unchecked = on("SayOK", (_event, next) => next());
  for (const other of [send(unchecked, { fields }), send(dmarc(), { fields, user: "joe" })]) {
    const { message } = await other;
    match(message, /^Received: /);
    ok(message.includes(foreign));
    ok(!message.includes("bank.example"));
  }
});

const NEED_DKIMPY = needFile(PYTHON, "apt-get install python3-dkim");

Deno.test({
  name:
    "sender-authentication() believes trusted sealers that the author's domain stood for a message",
  ...NEED_DKIMPY,
  fn: async () => {
    const records = Object.fromEntries(
      Object.entries(SEALERS).map((
        [name, text],
      ) => [name, { TXT: [[text.slice(0, 200), text.slice(200)]] }]),
    );
    const both = senderAuthentication({ trusted: [relay(1), relay(2)] });
    const text = message([], { fields: "From: joe@reject.example\r\nTo: l@relay1.example\r\n" });
    const sealed = (found: string) => sealedByDkimpy(text, 2, found);
    const passed = await sealed(
      "spf=pass smtp.mailfrom=x@reject.example; dmarc=pass header.from=reject.example",
    );
    for (const one of passed) {
      const { reply, message } = await send(both, { text: one, zone: records });
      match(reply, /^250/);
      equal(says(message, "arc"), "pass");
      match(message, /dmarc=fail\s+reason="[^"]*; arc=pass as\[1\]\.d=relay1\.example/);
    }
    const refused = async (handler: Handler, one: string) =>
      match((await send(handler, { text: one, zone: records })).reply, /^550 5\.7\.1/);
    await refused(senderAuthentication(), passed[0]!);
    await refused(senderAuthentication({ trusted: relay(1) }), passed[1]!);
    await refused(both, passed[1]!.replace(/\r\n\r\n/, "\r\n\r\nmore\r\n"));
    for (
      const found of [
        "dmarc=fail header.from=reject.example",
        "dmarc=pass header.from=other.example",
        'spf=fail reason="; dmarc=pass"',
        "spf=fail (; dmarc=pass header.from=reject.example)",
        "arc=none",
      ]
    ) await refused(both, (await sealed(found))[0]!);
  },
});
