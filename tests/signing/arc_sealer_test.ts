/**
 * Seals of this server, alone and in chains with those of dkimpy, as dkimpy sees them.
 */
import { equal, match, ok, rejects } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import { type Log, silent } from "../../src/log/event.ts";
import { Header } from "../../src/message/fields.ts";
import { relaxedField } from "../../src/message/relaxed.ts";
import { ArcSealer } from "../../src/signing/arc_sealer.ts";
import type { SigningKey } from "../../src/signing/keys.ts";
import { Libcrypto } from "../../src/signing/libcrypto.ts";
import { octetsOf } from "../../src/signing/signable.ts";
import { Signatures } from "../../src/signing/signatures.ts";
import { SigningFault } from "../../src/signing/signer.ts";
import { needFile } from "../need.ts";
import { oddMessages } from "../odd_messages.ts";
import { keysIn, newKey, recordsOf } from "./keys.ts";
import { arcByDkimpy, ended, octetsIn, PYTHON, sealedByDkimpy } from "./verifiers.ts";

const HOST = "mx.example.net";
const ours = [newKey("ed25519"), newKey("rsa")];
const theirs = newKey("rsa", { domain: "example.org", selector: "other" });
const records = recordsOf([...ours, theirs]);
const signatures = new Signatures(Libcrypto.open());
const python = needFile(PYTHON, "apt-get install python3-dkim");

const results = (arc: string | undefined, host = HOST): string =>
  `Authentication-Results: ${host};\r\n\tspf=pass (one; two) smtp.mailfrom=example.com` +
  `${arc === undefined ? "" : `;\r\n\tarc=${arc}`}\r\n`;

const MESSAGE = "From: Joe <joe@example.com>\r\nTo: ann@example.net\r\nSubject: a\r\n b\r\n" +
  "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=x; h=from; bh=AA==; b=AA==\r\n" +
  "\r\nHello  you \r\n\r\n";

async function seal(text: string | Buffer, keys: readonly SigningKey[] = ours): Promise<Buffer> {
  const octets = Buffer.from(text as string, "latin1");
  const sealer = new ArcSealer({
    ...{ keys: keysIn(...keys), signatures, domain: "example.net", authority: HOST, log: silent },
    now: Date.now,
  });
  return await octetsIn(
    await sealer.sign({
      size: octets.length,
      async *read() {
        yield octets;
      },
    }),
  );
}

/** What a server in between adds. */
const arrived = (message: Buffer, arc: string | undefined): Buffer =>
  Buffer.concat([Buffer.from(`Received: by ${HOST}; now\r\n${results(arc)}`), message]);

const verdict = async (...messages: readonly Buffer[]): Promise<string[]> =>
  (await arcByDkimpy(messages, records)).map(([result, reason]) =>
    result === "pass" ? "pass" : `${result}: ${reason}`
  );

Deno.test({
  name: "dkimpy believes the first seal of odd messages",
  ...python,
  fn: async () => {
    const odd = oddMessages(300).map((one) => arrived(one, "none"));
    const sealed = (await Promise.all(odd.map((one) => seal(one)))).map(ended);
    for (const [i, said] of (await verdict(...sealed)).entries()) {
      equal(said, "pass", `${i}: ${sealed[i]!.toString("latin1").slice(0, 3000)}`);
    }
  },
});

Deno.test({
  name: "seals of dkimpy and of this server make one chain",
  ...python,
  fn: async () => {
    let message: Buffer = Buffer.from(MESSAGE);
    for (const [i, by] of ["dkimpy", "us", "us", "dkimpy", "us"].entries()) {
      if (by === "us") message = await seal(arrived(message, "pass"));
      else {
        const before = i === 0 ? "none" : "pass";
        const host = `relay${i}.example.org`;
        const found = Buffer.from(results(before, host));
        message = await sealedByDkimpy(
          Buffer.concat([found, message]),
          theirs,
          host,
        );
      }
      const said = await verdict(message);
      equal(said[0], "pass", `${said} after ${i}, ${by}:\n${message.toString("latin1")}`);
    }
    match(message.toString("latin1"), /^ARC-Seal: i=5; a=rsa-sha256; t=\d+; cv=pass;/);
    const changed = Buffer.from(message.toString("latin1").replace("Hello", "Hullo"), "latin1");
    match((await verdict(changed))[0]!, /^fail/);
  },
});

Deno.test("what this server has found out is in the seal as it was written", async () => {
  const [head] = (await seal(arrived(Buffer.from(MESSAGE), "none"))).toString().split("Received:");
  ok(head!.endsWith(
    `ARC-Authentication-Results: i=1; ${results("none").replace(/^.*?: /, "")}`,
  ));
});

const sets = (count: number, cv = "pass"): string =>
  Array.from(
    { length: count },
    (_, i) =>
      `ARC-Seal: i=${i + 1}; cv=${i + 1 === count ? cv : "pass"}; b=AA==\r\n` +
      `ARC-Message-Signature: i=${i + 1}; b=AA==\r\n` +
      `ARC-Authentication-Results: i=${i + 1}; x; none\r\n`,
  ).reverse().join("");

/** Which seal a message gets: `i=1 cv=none`; `undefined` for none. */
async function sealOf(text: string): Promise<string | undefined> {
  const sealed = (await seal(text)).toString("latin1");
  const [, i, cv] = /^ARC-Seal: i=(\d+);.* cv=(\w+);/.exec(sealed) ?? [];
  ok(i !== undefined || sealed === text);
  return i && `i=${i} cv=${cv}`;
}

Deno.test("a seal says what was found out of the chain before it", async () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    [results("none"), "i=1 cv=none"],
    [results(undefined), "i=1 cv=none"],
    [results("NONE (a; comment)"), "i=1 cv=none"],
    [results("pass") + sets(1, "none"), "i=2 cv=pass"],
    [results("fail") + sets(1, "none"), "i=2 cv=fail"],
    [results("pass") + sets(49), "i=50 cv=pass"],
    [results("fail") + sets(2).replace(/ARC-Seal: i=1.*\r\n/, ""), "i=3 cv=fail"],
    [results("pass") + sets(2).replace(/ARC-Seal: i=1.*\r\n/, ""), "i=3 cv=fail"],
    [results("fail") + sets(1) + sets(1), "i=2 cv=fail"],
    ["", undefined],
    [results("pass", "other.example") + sets(1), undefined],
    [results(undefined) + sets(1), undefined],
    [results("none") + sets(1), undefined],
    [results("temperror") + sets(1), undefined],
    [results("pass"), undefined],
    [results("fail") + sets(2, "fail"), undefined],
    [results("pass") + sets(50), undefined],
    [results("fail") + sets(60), undefined],
    [results("none") + results("pass") + sets(1), undefined],
  ];
  for (const [head, wanted] of cases) {
    equal(await sealOf(head + MESSAGE), wanted, head.slice(0, 200));
  }
});

Deno.test("a seal that says that the chain is broken covers its own set only", async () => {
  const broken = await seal(arrived(Buffer.from(sets(1, "none") + MESSAGE), "fail"));
  const header = new Header(broken);
  const [found, signature, own] = [
    ...["ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"],
  ].map((name) => ({ name, raw: header.first(name)!.raw }));
  const [, start, base64] = /^([^]*b=)([^;]*)$/.exec(own!.raw)!;
  const text = [found!, signature!].map(({ name, raw }) => `${relaxedField(name, raw)}\r\n`);
  const signed = octetsOf(text.join("") + relaxedField("ARC-Seal", start!));
  const key = createPublicKey(createPrivateKey(ours[1]!.pem));
  ok(verify("sha256", signed, key, Buffer.from(base64!, "base64")));
});

Deno.test("a domain without a key in use seals nothing, and the log tells it once an hour", async () => {
  const told: number[] = [];
  let time = Date.now();
  const note = (event: string) => {
    if (event === "mail not signed") told.push(time);
  };
  const log: Log = Object.assign(note, { wants: () => true });
  const sealer = new ArcSealer({
    ...{ keys: keysIn(theirs), signatures, domain: "example.net", authority: HOST, log },
    now: () => time,
  });
  const octets = arrived(Buffer.from(MESSAGE), "none");
  const message = { size: octets.length, read: () => ReadableStream.from([octets]) };
  const sign = async () => (await octetsIn(await sealer.sign(message))).toString();
  for (const minutes of [0, 59, 2]) {
    time += minutes * 60_000;
    equal(await sign(), octets.toString());
  }
  equal(told.length, 2);
});

Deno.test("mail waits while the keys cannot be read", async () => {
  const keysOf = () => {
    throw new Error("the disk is ill");
  };
  const sealer = new ArcSealer({
    ...{ keys: { keysOf }, signatures, domain: "example.net", authority: HOST, log: silent },
    now: Date.now,
  });
  const octets = arrived(Buffer.from(MESSAGE), "none");
  const message = { size: octets.length, read: () => ReadableStream.from([octets]) };
  await rejects(sealer.sign(message), SigningFault);
});
