/**
 * Servers that lack extensions, set limits, or speak LMTP; and connections that are used again.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { brief, Sending } from "./sending.ts";
import { type Answer, Sink } from "./sink.ts";

const ALL = ["delivered", "delivered", "delivered"];

/** Each verb that came, with the number of the connection. */
const verbs = (sink: Sink): string[] =>
  sink.heard.map(({ clear }) => (clear.match(/^(MAIL|RCPT|DATA|BDAT|RSET)/gm) ?? []).join(" "));

Deno.test("a server that takes one recipient at a time gets as many messages", async () => {
  await using sink = await Sink.start({ extensions: ["LIMITS RCPTMAX=1", "PIPELINING"] });
  await using sending = new Sending({ port: sink.port });
  deepEqual((await sending.send()).map(brief), ALL);
  deepEqual(sink.taken.map(({ rcpt }) => rcpt), [
    ["RCPT TO:<one@example.org>"],
    ["RCPT TO:<two@example.org>"],
    ["RCPT TO:<three@example.org>"],
  ]);
});

Deno.test("a recipient whose turn comes after the connection was lost waits, and no other gets the mail twice", async () => {
  await using sink = await Sink.start({
    extensions: ["LIMITS RCPTMAX=1"],
    answer: ({ verb, before }) =>
      verb === "DOT" && before === 1 ? { octets: "250 fine\r\n", then: "drop" } : undefined,
  });
  await using sending = new Sending({ port: sink.port });
  equal((await sending.send({ to: ["first@example.org"] }))[0]?.result, "delivered");
  const outcomes = await sending.send();
  equal(outcomes[0]?.result, "delivered");
  const all = sink.taken.flatMap(({ rcpt }) => rcpt);
  equal(new Set(all).size, all.length, all.join());
});

Deno.test("a server that takes two messages on a connection gets the third on another one", async () => {
  await using sink = await Sink.start({ extensions: ["LIMITS MAILMAX=2"] });
  await using sending = new Sending({ port: sink.port });
  for (let i = 0; i < 3; i++) deepEqual((await sending.send()).map(brief), ALL);
  deepEqual(verbs(sink), [
    "MAIL RCPT RCPT RCPT DATA MAIL RCPT RCPT RCPT DATA",
    "MAIL RCPT RCPT RCPT DATA",
  ]);
});

Deno.test("a server that takes one message for one recipient on a connection gets all of them at once", async () => {
  for (const extensions of [["LIMITS MAILMAX=1 RCPTMAX=1"], ["LIMITS RCPTMAX=1"]]) {
    await using sink = await Sink.start({
      extensions,
      answer: ({ verb, before }) =>
        verb === "MAIL" && before > 0
          ? { octets: "421 4.7.0 one a connection\r\n", then: "drop" }
          : undefined,
    });
    await using sending = new Sending({ port: sink.port });
    deepEqual((await sending.send()).map(brief), ALL);
    equal(sink.heard.length, 3);
    equal(sink.taken.length, 3);
  }
});

Deno.test("what one exchanger says of a recipient counts, although the next one is dead", async () => {
  await using sink = await Sink.start({
    answer: ({ verb }) => verb === "RCPT" ? "450 4.7.1 greylisted, come again" : undefined,
  });
  const exchangers = ["mx", "dead"].map((name, priority) => ({
    exchange: `${name}.example.org`,
    priority,
  }));
  const zone = {
    "example.org": { MX: exchangers },
    "mx.example.org": { A: ["127.0.0.1"] },
    "dead.example.org": { A: ["127.0.1.250"] },
  };
  await using sending = new Sending({ port: sink.port, zone });
  for (const outcome of await sending.send()) match(outcome.reason, /greylisted/);
});

Deno.test("mail that an exchanger cannot take, because of what it does not offer, goes by the next one", async () => {
  await using plain = await Sink.start();
  await using other = await Sink.start({
    ...{ address: "127.0.1.7", port: plain.port, extensions: ["SMTPUTF8", "8BITMIME"] },
  });
  const zone = (second: string) => ({
    "example.org": {
      MX: ["mx", "second"].map((name, priority) => ({ exchange: `${name}.example.org`, priority })),
    },
    "mx.example.org": { A: ["127.0.0.1"] },
    "second.example.org": { A: [second] },
  });
  const mail = { to: ["j\u00f6@example.org"], parameters: "SMTPUTF8" };
  await using sending = new Sending({ port: plain.port, zone: zone("127.0.1.7") });
  deepEqual((await sending.send(mail)).map(brief), ["delivered"]);
  deepEqual([plain.taken.length, other.taken.length], [0, 1]);
  // A server that does not answer is no reason to wait for what no other one takes.
  await using alone = new Sending({ port: plain.port, zone: zone("127.0.1.250") });
  deepEqual((await alone.send(mail)).map(brief), ["failed 5.6.7"]);
});

Deno.test("a connection that the server has closed between two messages is replaced", async (test) => {
  const ends: Readonly<Record<string, Answer>> = {
    "it closes": { octets: "250 fine\r\n", then: "drop" },
    "it says 421, and closes": { octets: "250 fine\r\n421 4.3.2 bye\r\n", then: "drop" },
  };
  for (const [name, end] of Object.entries(ends)) {
    await test.step(name, async () => {
      await using sink = await Sink.start({
        answer: ({ verb }) => verb === "DOT" ? end : undefined,
      });
      await using sending = new Sending({ port: sink.port });
      for (let i = 0; i < 5; i++) deepEqual((await sending.send()).map(brief), ALL);
      equal(sink.taken.length, 5);
    });
  }
  for (const octets of ["421 4.7.0 too many messages on this connection\r\n", ""]) {
    await test.step(`it closes after the second MAIL, saying ${octets.slice(0, 3) || "nothing"}`, async () => {
      await using sink = await Sink.start({
        answer: ({ verb, before }) =>
          verb === "MAIL" && before === 1 ? { octets, then: "drop" } : undefined,
      });
      await using sending = new Sending({ port: sink.port });
      for (let i = 0; i < 3; i++) deepEqual((await sending.send()).map(brief), ALL);
      equal(sink.taken.length, 3);
    });
  }
});

Deno.test("a server floods a connection that waits: it ends, and costs no memory", async () => {
  await using sink = await Sink.start({
    answer: ({ verb }) => verb === "DOT" ? { octets: "250 fine\r\n", then: "flood" } : undefined,
  });
  await using sending = new Sending({ port: sink.port });
  deepEqual((await sending.send()).map(brief), ALL);
});

Deno.test("a server that says a little at a time wins no time", async () => {
  await using sink = await Sink.start({
    octetwise: true,
    answer: ({ verb }) => verb === "MAIL" ? `250-${"x".repeat(60_000)}` : undefined,
  });
  await using sending = new Sending({ port: sink.port, timeouts: { mail: 100 } });
  match(brief((await sending.send())[0]!), /^deferred 4\.4\.2/);
  ok(!/RCPT/.test(sink.clear));
});

Deno.test("a message that is too large for a server fails before it is sent, or when the server says so", async () => {
  const text = `Subject: large\r\n\r\n${"x".repeat(70)}\r\n`.repeat(30);
  await using small = await Sink.start({ extensions: ["SIZE 1000"] });
  await using one = new Sending({ port: small.port });
  for (const outcome of await one.send({ text })) match(brief(outcome), /^failed 5\.3\.4/);
  ok(!/DATA/.test(small.clear));
  await using early = await Sink.start({
    answer: ({ verb }) => verb === "DATA" ? "354 go on\r\n552 5.3.4 too large" : undefined,
  });
  await using other = new Sending({ port: early.port });
  for (const outcome of await other.send({ text })) match(brief(outcome), /^failed 5\.3\.4/);
});

const BINARY =
  `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n${
    "\0\n\r.\r\n.\n".repeat(30_000)
  }`;
const CHUNKING = ["CHUNKING", "BINARYMIME", "8BITMIME", "PIPELINING"];

Deno.test("binary mail goes in chunks, as it is; a refusal of any chunk is one of the message", async () => {
  const facts = { text: BINARY, parameters: "BODY=BINARYMIME" };
  await using good = await Sink.start({ extensions: CHUNKING });
  await using sending = new Sending({ port: good.port });
  deepEqual((await sending.send(facts)).map(brief), ALL);
  equal(good.taken[0]?.message, BINARY);
  await using full = await Sink.start({
    extensions: CHUNKING,
    answer: ({ verb, before }) => verb === "CHUNK" && before === 1 ? "552 5.3.4 enough" : undefined,
  });
  await using other = new Sending({ port: full.port });
  for (const outcome of await other.send(facts)) match(brief(outcome), /^failed 5\.3\.4/);
});

Deno.test("an address beyond ASCII fails at a server without SMTPUTF8, and the others do not", async () => {
  const to = ["one@example.org", "\u00fc@example.org"];
  const facts = { to, parameters: "SMTPUTF8" };
  await using plain = await Sink.start({ extensions: ["8BITMIME"] });
  await using sending = new Sending({ port: plain.port });
  deepEqual((await sending.send(facts)).map(brief), ["delivered", "failed 5.6.7"]);
  await using modern = await Sink.start({ extensions: ["8BITMIME", "SMTPUTF8"] });
  await using other = new Sending({ port: modern.port });
  deepEqual((await other.send(facts)).map(brief), ["delivered", "delivered"]);
  match(modern.taken[0]!.mail, / SMTPUTF8/);
});

Deno.test("a message in 8 bits arrives with the same text at a server without 8BITMIME", async () => {
  const text = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" +
    "Content-Transfer-Encoding: 8bit\r\n\r\nThe greeting that everybody knows: gr\u00fc\u00df\r\n.dot\r\n";
  await using sink = await Sink.start();
  await using sending = new Sending({ port: sink.port });
  deepEqual((await sending.send({ text, parameters: "BODY=8BITMIME" })).map(brief), ALL);
  const { message } = sink.taken[0]!;
  ok([...message].every((octet) => octet < "\x80"), message);
  match(message, /^Content-Transfer-Encoding: quoted-printable\r$/m);
  match(message, /\r\nThe greeting that everybody knows: gr=C3=BC=C3=9F\r\n\.dot\r\n$/);
});

Deno.test("LMTP: each recipient has an answer of its own after the message", async (test) => {
  const answers: Readonly<Record<string, Answer>> = {
    one: "250 2.0.0 taken",
    two: "452 4.2.2 full",
    three: "550 5.2.1 no",
  };
  for (const extensions of [[], ["PIPELINING"]]) {
    await test.step(extensions.join() || "one by one", async () => {
      await using sink = await Sink.start({
        ...{ lmtp: true, extensions },
        answer: ({ verb, recipient = "" }) =>
          verb === "DOT" ? answers[/<(\w+)@/.exec(recipient)?.[1] ?? ""] : undefined,
      });
      await using sending = new Sending({ port: sink.port, scheme: "lmtp" });
      deepEqual((await sending.send()).map(brief), ["delivered", "deferred 4.2.2", "failed 5.2.1"]);
      match(sink.clear, /^LHLO client\.example\.net\r$/m);
    });
  }
  await test.step("the connection ends after the first answer", async () => {
    await using sink = await Sink.start({
      lmtp: true,
      answer: ({ verb, before }) =>
        verb === "DOT" && before === 0
          ? undefined
          : verb === "DOT"
          ? { octets: "", then: "drop" }
          : undefined,
    });
    await using sending = new Sending({ port: sink.port, scheme: "lmtp" });
    const outcomes = (await sending.send()).map(brief);
    deepEqual(outcomes, ["delivered", "deferred 4.4.2", "deferred 4.4.2"]);
  });
});
