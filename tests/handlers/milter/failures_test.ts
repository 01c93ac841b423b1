/**
 * Milters that are ill, and what becomes of the mail: it is deferred, or arrives as it was sent.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { Client } from "postmaster/testing";
import { packet, texts } from "../../../handlers/milter/protocol.ts";
import { needFile } from "../../need.ts";
import { until } from "../../running.ts";
import { Obedient } from "./obedient.ts";
import { Scripted } from "./scripted.ts";
import { asks, ENVELOPE, HELLO, sent, sentBy } from "./sessions.ts";

const PYMILTER = needFile(
  "/usr/lib/python3/dist-packages/Milter/__init__.py",
  "apt-get install python3-milter",
);
const [, MAIL, JOE, DATA] = ENVELOPE;
/** Deadlines that are soon over. */
const SOON = { connect: "200 ms", send: "200 ms", reply: "200 ms", endOfMessage: "200 ms" };
const FAILED = (address: string) => `X-Filter-Failed: ${address}\r\n`;

/** Mail is deferred, or taken as it is. */
async function assertFails(address: string, what: string): Promise<void> {
  const deferred = await sent(asks({ address, timeouts: SOON }));
  assert.ok(deferred.replies.includes("451 4.7.1"), `${what}: ${deferred.replies}`);
  assert.equal(deferred.message, undefined, what);
  const accepted = await sent(asks({ address, timeouts: SOON, onFailure: "accept" }));
  assert.equal(accepted.replies.at(-1), "250 2.0.0", what);
  assert.equal(accepted.message, FAILED(address) + HELLO, what);
}

/** The answer of a milter to the offer. */
function terms(actions = 0x1ff, steps = 0, version = 6): Buffer {
  const octets = Buffer.alloc(12);
  [version, actions, steps].forEach((one, i) => octets.writeUInt32BE(one, 4 * i));
  return packet("O", octets);
}
const CONTINUE = packet("c");
/** The commands that a well milter answers. */
const ASKING = "CHMRTLNBEU";

/** A milter that is well but for its answers to some commands. */
const ill = (answers: Readonly<Record<string, Uint8Array | "close" | undefined>>) =>
  new Scripted((letter) => {
    if (letter in answers) return answers[letter];
    return letter === "O" ? terms() : ASKING.includes(letter) ? CONTINUE : undefined;
  });

Deno.test("a milter that is not there", async () => {
  await assertFails("unix:/nowhere/milter", "no socket");
  await assertFails("127.0.0.1:9", "no listener");
});

Deno.test("what is no milter", async () => {
  const answers: Readonly<Record<string, Uint8Array | "close" | undefined>> = {
    "closes": "close",
    "says nothing": undefined,
    "speaks HTTP": Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "speaks SMTP": Buffer.from("220 mx.example.net ESMTP\r\n"),
    "an empty packet": Buffer.alloc(4),
    "an endless packet": Buffer.from("ffffffff4f", "hex"),
    "another packet": CONTINUE,
    "half of the terms": packet("O", Buffer.alloc(8)),
    "version 1": terms(0x1ff, 0, 1),
    "version 7": terms(0x1ff, 0, 7),
    "unknown actions": terms(0x200),
    "unknown steps": terms(0, 0x10000000),
    "macros at no moment": packet(
      "O",
      Buffer.concat([terms().subarray(5), Buffer.from("\0\0\0\x09j\0")]),
    ),
    "macros without an end": packet(
      "O",
      Buffer.concat([terms().subarray(5), Buffer.from("\0\0\0\0j")]),
    ),
  };
  for (const [what, answer] of Object.entries(answers)) {
    await using milter = ill({ O: answer });
    await assertFails(milter.address, what);
    await until("all are closed", () => milter.open === 0);
  }
});

Deno.test("a milter that breaks off, hangs or says what it must not, at each step", async () => {
  const answers: Readonly<Record<string, Uint8Array | "close" | undefined>> = {
    "closes": "close",
    "says nothing": undefined,
    "garbage": packet("z"),
    "half a packet": Buffer.from("0000000563", "hex"),
    "a change": packet("h", texts(["X-New", "value"])),
    "a positive reply": packet("y", texts(["250 ok"])),
    "no reply": packet("y", texts(["go away"])),
    "two kinds of reply": packet("y", texts(["550-no\r\n450 later"])),
    "a text without an end": packet("y", Buffer.from("550 no")),
    "an endless packet": Buffer.from("7fffffff63", "hex"),
  };
  const whereSkipIsLegal = terms(0x1ff, 0);
  for (const letter of "MRTLNBE") {
    for (const [what, answer] of Object.entries(answers)) {
      if (letter === "E" && what === "a change") continue;
      await using milter = ill({ O: whereSkipIsLegal, [letter]: answer });
      await assertFails(milter.address, `${letter}: ${what}`);
      await until("all are closed", () => milter.open === 0);
    }
    await using milter = ill({ [letter]: packet("s") });
    await assertFails(milter.address, `${letter}: skip without leave`);
  }
});

Deno.test("a milter that fails at the greeting is asked again at MAIL", async () => {
  for (const letter of "CH") {
    for (const answer of [undefined, packet("d"), packet("z"), "close"] as const) {
      await using milter = ill({ [letter]: answer });
      const { replies } = await sent(asks({ address: milter.address, timeouts: SOON }));
      assert.deepEqual(replies, ["220", "250", "451 4.7.1"]);
    }
  }
});

Deno.test("changes that cannot be made, or were not agreed on, are not made in part", async () => {
  const first = packet("h", texts(["X-First", "1"]));
  const changes: Readonly<Record<string, Uint8Array>> = {
    "no name": packet("h", texts(["", "value"])),
    "a name with a colon": packet("h", texts(["X:Y", "value"])),
    "a name with a line end": packet("i", Buffer.from("\0\0\0\0X\r\nY\0value\0")),
    "no value": packet("h", texts(["X"])),
    "too short": packet("m", Buffer.from("\0\0")),
    "no address": packet("+", texts(["<not an address>"])),
    "no address to delete": packet("-", texts([""])),
    "no sender": packet("e", texts(["<a@b@c>"])),
    "parameters with a line end": packet(
      "2",
      texts(["<x@example.org>", "NOTIFY=NEVER\r\nRCPT TO:<y@example.org>"]),
    ),
    "parameters without a meaning": packet("2", texts(["<x@example.org>", "NOTIFY=MAYBE"])),
    "parameters that RCPT has not": packet("2", texts(["<x@example.org>", "SIZE=1"])),
    "a sender with a line end": packet("e", texts(["<a@example.org>\r\nRCPT TO:<b@example.org>"])),
    "a sender with a quoted line end": packet("e", texts(['<"a\r\nb"@example.org>'])),
    "a body that is too large": Buffer.concat(
      Array.from({ length: 260 }, () => packet("b", Buffer.alloc(65_535, "x"))),
    ),
    "what means nothing": packet("Z", texts(["x"])),
    "skip": packet("s"),
    "too much": Buffer.concat(
      Array.from({ length: 40 }, () => packet("h", texts(["X", "x".repeat(60_000)]))),
    ),
    "too many": Buffer.concat(Array.from({ length: 11_000 }, () => packet("h", texts(["X", ""])))),
    "an end before the answer": packet("b", Buffer.from("half of a body")),
  };
  for (const [what, change] of Object.entries(changes)) {
    const end = what === "an end before the answer" ? [] : [packet("a")];
    await using milter = ill({ E: Buffer.concat([first, change, ...end]) });
    await assertFails(milter.address, what);
  }
  await using modest = ill({ O: terms(0x10), E: Buffer.concat([first, packet("a")]) });
  await assertFails(modest.address, "an action that was not agreed on");
});

Deno.test("an answer that comes before its question is none", async () => {
  for (const letter of "OCHMRTLNB") {
    const twice = Buffer.concat([letter === "O" ? terms() : CONTINUE, packet("a")]);
    await using milter = ill({ [letter]: twice });
    const { replies, message } = await sent(asks({ address: milter.address, timeouts: SOON }));
    assert.ok(replies.includes("451 4.7.1"), letter);
    assert.equal(message, undefined, letter);
  }
  // The next message has a connection of its own.
  await using late = ill({ E: Buffer.concat([packet("a"), packet("r")]) });
  using client = Client.of(asks({ address: late.address }));
  for (const first of [await client.reply(), undefined]) {
    const { replies } = await sentBy(client, HELLO, ENVELOPE, first);
    assert.equal(replies.at(-1), "250 2.0.0");
  }
});

Deno.test("an answer may come in any pieces, and before the end of the connection", async () => {
  await using milter = new Scripted((letter) => {
    if (letter === "O") return terms();
    if (letter === "E") {
      return Buffer.concat([packet("p"), packet("h", texts(["X", "1"])), packet("c")]);
    }
    return ASKING.includes(letter) ? CONTINUE : undefined;
  });
  const { message } = await sent(asks({ address: milter.address }));
  assert.equal(message, HELLO.replace("\r\n\r\n", "\r\nX: 1\r\n\r\n"));
});

Deno.test({
  name: "a milter that is stopped or killed in the midst of a long message loses nothing of it",
  ...PYMILTER,
  async fn() {
    const body = "0123456789abcdef\r\n".repeat(100_000);
    for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
      for (const onFailure of ["defer", "accept"] as const) {
        await using milter = await Obedient.start();
        const { address } = milter;
        using client = Client.of(asks({ address, timeouts: SOON, onFailure }));
        await client.reply();
        for (const command of ENVELOPE) await client.command(command);
        client.send(HELLO + body.slice(0, body.length / 2));
        await until("it has a part", () => milter.steps.includes("body"));
        milter.kill(signal);
        client.send(`${body.slice(body.length / 2)}.\r\n`);
        const { code } = await client.reply();
        assert.equal(code, onFailure === "defer" ? 451 : 250);
        const kept = client.kept.map(({ message }) =>
          message.replace(/^Received:.*\r\n(\t.*\r\n)*/, "")
        );
        const whole = FAILED(address) + HELLO + body;
        assert.ok(onFailure === "defer" ? kept.length === 0 : kept.join() === whole);
      }
    }
  },
});

Deno.test({
  name: "a milter that is started anew gets the next message of a session",
  ...PYMILTER,
  async fn() {
    await using milter = await Obedient.start();
    using client = Client.of(asks({ address: milter.address }));
    await sentBy(client, HELLO, ENVELOPE, await client.reply());
    await milter.restart();
    const before = milter.told.length;
    const { replies } = await sentBy(client, HELLO, [MAIL, JOE, DATA]);
    assert.equal(replies.at(-1), "250 2.0.0");
    assert.deepEqual(milter.steps.slice(before, before + 4), [
      ...["negotiate", "connect", "helo", "mail"],
    ]);
  },
});

Deno.test("a message that breaks off, and a client that is gone, end what the milter does", async () => {
  await using milter = ill({ E: undefined });
  const policy = asks({ address: milter.address, timeouts: { endOfMessage: "200 ms" } });
  const limits = { messageSize: 1000 };
  {
    using client = Client.of(policy, { limits });
    const { replies } = await sentBy(
      client,
      "x".repeat(2000) + "\r\n",
      ENVELOPE,
      await client.reply(),
    );
    assert.equal(replies.at(-1), "552 5.3.4");
    client.hangUp();
    await until("it is closed", () => milter.open === 0);
  }
  for (const last of ["MAIL", "DATA", "E"]) {
    using client = Client.of(policy);
    await client.reply();
    for (const command of ENVELOPE.slice(0, last === "MAIL" ? 2 : 4)) await client.command(command);
    const before = milter.heard.length;
    if (last !== "MAIL") client.send(HELLO);
    if (last === "E") {
      client.send(".\r\n");
      await until("it was asked", () => milter.heard.slice(before).includes("E"));
    }
    client.hangUp();
    await until(`it is closed after ${last}`, () => milter.open === 0);
  }
});

Deno.test("sessions leave no descriptor behind, whatever the milter does", async () => {
  const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
  await using silent = ill({ M: undefined });
  await using well = ill({});
  await sent(asks({ address: well.address })); // what the runtime opens once
  const before = descriptors();
  for (const { address } of [silent, well, { address: "unix:/nowhere/milter" }]) {
    const policy = asks({ address, timeouts: { ...SOON, reply: "50 ms" } });
    await Promise.all(Array.from({ length: 50 }, () => sent(policy)));
  }
  await until("all are closed", () => silent.open + well.open === 0 && descriptors() <= before);
});
