/**
 * Signatures of this server, as programs of others see them.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Log, silent } from "../../src/log/event.ts";
import { Header } from "../../src/message/fields.ts";
import type { Message } from "../../src/message/message.ts";
import { DkimSigner, type DkimSignerOptions } from "../../src/signing/dkim_signer.ts";
import type { SigningKey } from "../../src/signing/keys.ts";
import { Libcrypto } from "../../src/signing/libcrypto.ts";
import { octetsOf } from "../../src/signing/signable.ts";
import { Signatures } from "../../src/signing/signatures.ts";
import { SigningFault, signOnce } from "../../src/signing/signer.ts";
import { need, needFile } from "../need.ts";
import { oddMessages } from "../odd_messages.ts";
import { keysIn, newKey, recordsOf } from "./keys.ts";
import {
  byDkimpy,
  byMailDkim,
  byOpenDkim,
  ended,
  octetsIn,
  PERL,
  PYTHON,
  type Verify,
} from "./verifiers.ts";

const rsa = newKey("rsa");
const ed25519 = newKey("ed25519");
const signatures = new Signatures(Libcrypto.open());

const signer = (
  keys: readonly SigningKey[],
  more: Partial<DkimSignerOptions> = {},
): DkimSigner =>
  new DkimSigner({
    ...{ keys: keysIn(...keys), signatures, isExpected: () => false, fields: [], log: silent },
    ...{ now: () => Date.now(), ...more },
  });

/** A message that comes in pieces. */
const messageOf = (text: string | Uint8Array, piece = 1000): Message => {
  const octets = Buffer.from(text as string, "latin1");
  return {
    size: octets.length,
    async *read() {
      for (let at = 0; at < octets.length; at += piece) yield octets.subarray(at, at + piece);
    },
  };
};

const signed = async (
  message: Message,
  keys: readonly SigningKey[],
  more: Partial<DkimSignerOptions> = {},
): Promise<Buffer> => await octetsIn(await signer(keys, more).sign(message));

const python = needFile(PYTHON, "apt-get install python3-dkim");
const perl = needFile(PERL, "apt-get install libmail-dkim-perl");

/** Signs odd messages, and has them verified. */
function verified(
  name: string,
  verify: Verify,
  { ignore }: { ignore: boolean },
  keys: readonly SigningKey[],
  wanted: readonly string[] = keys.map(() => "pass"),
): void {
  Deno.test({
    name,
    ignore,
    fn: async () => {
      const odd = oddMessages(300);
      const all = await Promise.all(
        odd.map(async (one, i) => ended(await signed(messageOf(one, 1 + i % 70), keys))),
      );
      const said = await verify(all, recordsOf(keys));
      for (const [i, results] of said.entries()) {
        const text = JSON.stringify(all[i]!.toString("latin1").slice(0, 4000));
        deepEqual(results, wanted, `${i}: ${results} ${text}`);
      }
      equal(said.length, odd.length);
      const changed = all.slice(0, 20).map((one) => Buffer.concat([one, Buffer.from("\r\nx\r\n")]));
      for (const results of await verify(changed, recordsOf(keys))) ok(!results.includes("pass"));
    },
  });
}

verified("dkimpy verifies RSA and Ed25519 on odd messages", byDkimpy, python, [rsa, ed25519]);
verified("Mail::DKIM verifies RSA on odd messages", byMailDkim, perl, [rsa]);
verified("OpenDKIM verifies RSA on odd messages", byOpenDkim, need("opendkim"), [rsa]);
verified("OpenDKIM verifies Ed25519 on odd messages", byOpenDkim, need("opendkim"), [ed25519]);

/** The tags of the uppermost signature. */
function tagsOf(message: Uint8Array): Record<string, string> {
  const { raw } = new Header(message).first("DKIM-Signature") ?? {};
  if (raw === undefined) return {};
  const tags = raw.replace(/\s+/g, "").split(";").map((tag) => /^(\w+)=(.*)$/.exec(tag)!);
  return Object.fromEntries(tags.map(([, name, value]) => [name, value]));
}

const PLAIN = "From: joe@example.net\r\nSubject: x\r\nX-Tag: 1\r\n\r\nhello\r\n";

Deno.test("what a message has not and nobody may add is named, and length and identity are not", async () => {
  const { h, l, i, c, d, s, x, t, v } = tagsOf(await signed(messageOf(PLAIN), [rsa]));
  equal(
    h,
    "From:From:To:Cc:Reply-To:Subject:Subject:In-Reply-To:References:MIME-Version:Content-Type:" +
      "Content-Transfer-Encoding",
  );
  deepEqual({ l, i, c, d, s, x, v }, {
    ...{ l: undefined, i: undefined, x: undefined, v: "1" },
    ...{ c: "relaxed/relaxed", d: "example.net", s: "rsa" },
  });
  ok(Math.abs(Number(t) - Date.now() / 1000) < 60);
});

Deno.test("more fields and the end of a signature are as they are wanted", async () => {
  const more = { fields: ["X-Tag", "x-none", "SUBJECT"], lifetime: 3_600_000, now: () => 5_500 };
  const { h, x, t } = tagsOf(await signed(messageOf(PLAIN), [rsa], more));
  match(h!, /:Subject:Subject:In-.*:X-Tag$/);
  deepEqual([t, x], ["5", "3605"]);
});

Deno.test("each line of a field is short enough, and an empty body has its own hash", async () => {
  const long = newKey("ed25519", {
    domain: `${"a".repeat(60)}.example.net`,
    selector: "b".repeat(60),
  });
  const text = `From: a@${long.domain}\r\n\r\n \r\n\r\n`;
  const all = (await signed(messageOf(text), [long])).toString();
  for (const line of all.split("\r\n").slice(0, 8)) {
    ok(line.length <= 78 || line.includes("bbb"), line);
  }
  equal(tagsOf(Buffer.from(all))["bh"], "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
});

Deno.test("the domain of the author signs, or else the nearest one above it that has keys", async () => {
  const deep = newKey("ed25519", { domain: "deep.example.net" });
  const umlaut = newKey("ed25519", { domain: "xn--bcher-kva.example" });
  const keys = [ed25519, deep, umlaut];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["joe@example.net", "example.net"],
    ["joe@a.b.EXAMPLE.net", "example.net"],
    ["joe@x.deep.example.net", "deep.example.net"],
    ['"a@example.com" <joe@example.net>', "example.net"],
    ["(a@example.com (b@example.com)) joe@example.net", "example.net"],
    ["friends: a@example.com, joe@deep.example.net;", "deep.example.net"],
    [Buffer.from("joe@b\u00fccher.example").toString("latin1"), "xn--bcher-kva.example"],
    ["Joe\r\n <joe\r\n @example.net>", "example.net"],
    ["joe@notexample.net", undefined],
    ["joe@example.com", undefined],
    ["joe@[192.0.2.1]", undefined],
    ["joe", undefined],
    ["", undefined],
    [Buffer.from("joe@example.net\u200b").toString("latin1"), undefined],
    [Buffer.from("joe@ex\u00adample.net").toString("latin1"), undefined],
    [Buffer.from("joe@\uff45xample.net").toString("latin1"), undefined],
    ["joe@example\xff.net", undefined],
    ["=?utf-8?q?joe=40example.net?=", undefined],
    [`${"(".repeat(50_000)}joe@example.net`, "example.net"],
  ];
  for (const [from, domain] of cases) {
    const message = await signed(messageOf(`From: ${from}\r\n\r\nx\r\n`), keys);
    equal(tagsOf(message)["d"], domain, from.slice(0, 100));
  }
});

Deno.test("lines are signed as DATA brings them, and binary messages as they are", async () => {
  const hashOf = async (text: string, isBinary: boolean) =>
    tagsOf(await octetsIn(await signer([ed25519]).sign(messageOf(text, 3), isBinary)))["bh"];
  const head = "From: a@example.net\r\n\r\n";
  equal(await hashOf(`${head}a\nb\rc\r`, false), await hashOf(`${head}a\r\nb\r\nc\r\n`, false));
  ok(await hashOf(`${head}a\nb\rc\r`, true) !== await hashOf(`${head}a\r\nb\r\nc\r\n`, true));
  equal(await hashOf(`${head}a\r\n`, true), await hashOf(`${head}a\r\n`, false));
});

Deno.test("a message that nobody signs is not read to its end, and stays the same", async () => {
  let isClosed = false;
  const message: Message = {
    size: 1,
    async *read() {
      try {
        yield octetsOf("From: a@example.com\r\n\r\n");
        throw new Error("read too far");
      } finally {
        isClosed = true;
      }
    },
  };
  equal(await signer([rsa]).sign(message), message);
  ok(isClosed);
});

Deno.test("a domain that should sign and cannot is told of once an hour", async () => {
  const said: string[] = [];
  let time = 0;
  const log = Object.assign(
    (event: string, fields: object) => void said.push(`${event} ${JSON.stringify(fields)}`),
    { wants: () => true },
  ) as Log;
  const isExpected = (domain: string) => domain === "example.com";
  const quiet = signer([rsa], { log, isExpected, now: () => time });
  const message = messageOf("From: a@www.example.com\r\n\r\n");
  for (time of [1, 2, 3_600_000, 3_600_002, 3_600_003]) await quiet.sign(message);
  await quiet.sign(messageOf("From: a@example.org\r\n\r\n"));
  equal(said.length, 2);
  match(said[0]!, /mail not signed.*www\.example\.com.*no key/);
});

Deno.test("a key that cannot be read or used is a fault of this server, and is told each time", async () => {
  const said: string[] = [];
  const log = Object.assign((event: string) => void said.push(event), { wants: () => true }) as Log;
  const unreadable = {
    keysOf: () => {
      throw new Error("may not read it");
    },
  };
  for (const keys of [unreadable, keysIn(rsa, { ...ed25519, pem: rsa.pem })]) {
    await rejects(signer([], { keys, log }).sign(messageOf(PLAIN)), SigningFault);
  }
  equal(said.length, 2);
});

Deno.test("a message is signed once, and again after a fault", async () => {
  let times = 0;
  const once = signOnce({
    sign: (message) =>
      ++times === 1 ? Promise.reject(new Error("not now")) : Promise.resolve(message),
  });
  const [one, other] = [messageOf("a"), messageOf("b")];
  await rejects(once.sign(one));
  for (const message of [one, other, one, other]) equal(await once.sign(message), message);
  equal(times, 3);
});

Deno.test("a long message is signed in little memory, and others have their turns", async () => {
  const line = octetsOf(`${"All work  and no play. ".repeat(3)}\r\n`);
  const piece = Uint8Array.from({ length: 65_536 }, (_, i) => line[i % line.length]!);
  const message: Message = {
    size: 100 * 1024 * 1024,
    async *read() {
      yield octetsOf("From: a@example.net\r\n\r\n");
      for (let i = 0; i < 1600; i++) yield await Promise.resolve(piece);
    },
  };
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const before = Deno.memoryUsage();
  const { size, read } = await signer([rsa]).sign(message);
  clearInterval(timer);
  const { external, heapUsed } = Deno.memoryUsage();
  ok(external + heapUsed - before.external - before.heapUsed < 50e6);
  ok(turns > 5, `${turns}`);
  equal(size - message.size, new Header((await read()[Symbol.asyncIterator]().next()).value!).size);
});
