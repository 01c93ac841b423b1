/**
 * Signatures and seals of mail that the running program sends on, as its receivers get it.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { askToReload } from "../../src/daemon/control_client.ts";
import { need, needFile, needRoot } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { Directory, Running, type Settings, until } from "../running.ts";
import { zonesOf } from "../relay/names.ts";
import { Places, queued, relaying, send, SENDER } from "../relay/relaying.ts";
import type { Taken } from "../relay/sink.ts";
import { newKey, recordsOf, writeKeys } from "./keys.ts";
import { zoneLine } from "../../src/signing/key_record.ts";
import { arcByDkimpy, byDkimpy, byMailDkim, PERL, PYTHON } from "./verifiers.ts";

const keys = [newKey("rsa"), newKey("ed25519")];
const records = recordsOf(keys);
const programs = {
  ignore: [
    need("nsd"),
    needFile(PYTHON, "apt-get install python3-dkim"),
    needFile(PERL, "apt-get install libmail-dkim-perl"),
  ].some(({ ignore }) => ignore),
};

/** A server that signs, with its keys. */
const signing =
  (nsd: Pick<Nsd, "address">, port: number, more: Settings = {}) =>
  (directory: Directory): Settings => {
    writeKeys(directory.of("dkim"), keys);
    return relaying(nsd, port, { "dkim-sign": { keys: "dkim" }, ...more })(directory);
  };

const octetsOf = ({ message }: Taken): Buffer => Buffer.from(message, "latin1");
const sizeIn = ({ mail }: Taken): number => Number(/ SIZE=(\d+)/.exec(mail)?.[1]);

const EIGHT_BIT = "From: Joe <joe@example.net>\r\nTo: ann@fine.example\r\nSubject: two\r\n" +
  "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" +
  "Content-Transfer-Encoding: 8bit\r\n\r\ngr\u00fc\u00dfe  \r\n..dots\r\n\r\n";

Deno.test({
  name: "mail of users is signed by all keys in the form in which each server takes it",
  ...programs,
  fn: async () => {
    await using places = await Places.start({
      "fine.example": { extensions: ["SIZE", "8BITMIME", "PIPELINING"] },
      "old.example": { extensions: ["SIZE"] },
    });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    await using server = await Running.start(signing(nsd, places.port));
    match(await send(server, ["ann@fine.example", "ann@old.example"], EIGHT_BIT), /^250/);
    const [fine, old] = await Promise.all(["fine", "old"].map((name) =>
      until(
        () => `${name} has it\n${server.log.join("\n")}`,
        () => places.sinks[`${name}.example`]!.taken[0],
      )
    ));
    ok(fine!.message.includes("Content-Transfer-Encoding: 8bit"));
    ok(old!.message.includes("Content-Transfer-Encoding: quoted-printable"));
    const both = [fine!, old!].map(octetsOf);
    deepEqual(await byDkimpy(both, records), [["pass", "pass"], ["pass", "pass"]]);
    for (const results of await byMailDkim(both, records)) ok(results.includes("pass"));
    for (const taken of [fine!, old!]) equal(sizeIn(taken), taken.message.length);
    match(fine!.message, /^DKIM-Signature: v=1; a=ed25519-sha256;[^]*?\r\nDKIM-Signature: .*rsa/);
  },
});

Deno.test({
  name: "bounces are signed by the domain above the server's own name",
  ...programs,
  fn: async () => {
    await using places = await Places.start({
      "fine.example": {},
      "bad.example": {
        answer: ({ verb }) => verb === "RCPT" ? "550 5.1.1 unknown" : undefined,
      },
    });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    await using server = await Running.start(signing(nsd, places.port));
    match(await send(server, ["ann@bad.example"], EIGHT_BIT, "joe@fine.example"), /^250/);
    const bounce = await until(
      () => `there is a bounce\n${server.log.join("\n")}`,
      () => places.sinks["fine.example"]!.taken[0],
    );
    match(bounce.mail, /^MAIL FROM:<>/);
    match(bounce.message, /^From:.*@mx\.example\.net/im);
    deepEqual(await byDkimpy([octetsOf(bounce)], records), [["pass", "pass"]]);
  },
});

Deno.test({
  name:
    "what comes from elsewhere is forwarded without a signature, whatever its author is said to be",
  ...programs,
  fn: async () => {
    await using places = await Places.start({ "fine.example": {} });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    const more = {
      "dkim-sign": { keys: "dkim", networks: [] },
      aliases: { away: "ann@fine.example" },
      handlers: [],
    };
    await using server = await Running.start(signing(nsd, places.port, more));
    match(await send(server, ["away@example.net"], EIGHT_BIT, "joe@example.net"), /^250/);
    const taken = await until(
      () => `it is forwarded\n${server.log.join("\n")}`,
      () => places.sinks["fine.example"]!.taken[0],
    );
    ok(!/^DKIM-Signature:/im.test(taken.message));
  },
});

Deno.test({
  name:
    "what another server on this machine passes on is not signed: by LMTP, or of a client that it names",
  ...programs,
  fn: async () => {
    await using places = await Places.start({ "fine.example": {} });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    const more = {
      listen: [
        { address: "127.0.0.1:0", xclient: ["127.0.0.1"] },
        { address: "127.0.0.1:0", kind: "lmtp" },
      ],
      aliases: { away: "ann@fine.example" },
    };
    await using server = await Running.start(signing(nsd, places.port, more));
    const { taken } = places.sinks["fine.example"]!;
    const isSigned = async (hello: readonly string[], address = server.addresses[0]) => {
      taken.length = 0;
      using client = await server.connect(address);
      const envelope = ["MAIL FROM:<joe@fine.example>", "RCPT TO:<away@example.net>"];
      for (const line of [...hello, ...envelope]) equal((await client.command(line)).code, 250);
      equal((await client.command("DATA")).code, 354);
      client.send(`${EIGHT_BIT}.\r\n`);
      equal((await client.reply()).code, 250);
      const { message } = await until("it is forwarded", () => taken[0]);
      return /^DKIM-Signature:/m.test(message);
    };
    const forwarded = (what: string) => isSigned(["EHLO filter.example", `XFORWARD ${what}`]);
    equal(await isSigned(["EHLO client.example"]), true);
    equal(await forwarded("ADDR=192.0.2.7 HELO=client.example"), false);
    equal(await forwarded("ADDR=[UNAVAILABLE] NAME=[UNAVAILABLE]"), false);
    equal(await forwarded("ADDR=127.0.0.1"), true);
    equal(await forwarded("ADDR=[UNAVAILABLE] SOURCE=LOCAL"), true);
    equal(await isSigned(["LHLO mda.example"], server.addresses[1]), false);
  },
});

Deno.test({
  name: "mail whose key cannot be used waits, and the log says why",
  ...programs,
  fn: async () => {
    await using places = await Places.start({ "fine.example": {} });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    await using server = await Running.start(signing(nsd, places.port));
    const file = server.directory.of("dkim/example.net/rsa.pem");
    Deno.writeTextFileSync(file, "-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----\n");
    match(await send(server, ["ann@fine.example"], EIGHT_BIT), /^250/);
    match(await server.logs(/mail not signed/), /example\.net.*rsa\.pem/);
    const waiting = await until("it was tried", async () => {
      const [one] = await queued(server);
      return one?.lastAttempt ?? undefined;
    });
    equal(waiting.status, "4.7.5");
    match(waiting.reason, /cannot sign/);
    equal(places.sinks["fine.example"]!.taken.length, 0);
  },
});

Deno.test({
  name: "mail of a domain whose keys do not sign yet goes unsigned, and the log tells it once",
  ...programs,
  fn: async () => {
    await using places = await Places.start({ "fine.example": {} });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    const waiting = newKey("ed25519", { domain: "example.com" });
    await using server = await Running.start((directory) => {
      writeKeys(directory.of("dkim"), [waiting]);
      const notes = { created: "2026-01-01T00:00:00.000Z" };
      directory.write("dkim/example.com/ed25519.json", JSON.stringify(notes));
      return signing(nsd, places.port, { "dkim-sign": { keys: "dkim" } })(directory);
    });
    const text = EIGHT_BIT.replace("joe@example.net", "joe@www.example.com");
    for (const _ of [1, 2]) match(await send(server, ["ann@fine.example"], text, SENDER), /^250/);
    await until("both have gone", () => places.sinks["fine.example"]!.taken.length === 2);
    equal(server.log.filter((line) => line.includes("mail not signed")).length, 1);
  },
});

const FROM_ELSEWHERE = EIGHT_BIT.replace("joe@example.net", "joe@author.example");

/** Sends a message to an alias of ann@fine.example, and gives what her server takes. */
async function forward(
  server: Running,
  places: Places,
  text: string,
  from: string,
): Promise<Taken> {
  const { taken } = places.sinks["fine.example"]!;
  taken.length = 0;
  match(await send(server, ["away@example.net"], text, from), /^250/);
  return await until(() => `it is forwarded\n${server.log.join("\n")}`, () => taken[0]);
}

Deno.test({
  name: "a reload begins to sign and to seal, and seals in the server's new name for results",
  ...programs,
  fn: async () => {
    await using places = await Places.start({ "fine.example": {} }, {
      "example.net": { records: keys.map(zoneLine).join("\n") },
    });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    await using server = await Running.start((directory) => ({
      ...signing(nsd, places.port)(directory),
      "dkim-sign": undefined,
      aliases: { away: "ann@fine.example" },
      handlers: [{ "sender-authentication": { except: "10.0.0.0/8" } }],
    }));
    const { directory } = server;
    const before = await forward(server, places, FROM_ELSEWHERE, "joe@author.example");
    ok(!/^(ARC-Seal|DKIM-Signature):/m.test(before.message));

    const reload = async (more: Settings) => {
      const now = JSON.parse(directory.read("postmaster.yaml"));
      directory.write("postmaster.yaml", { ...now, ...more });
      await askToReload(directory.of("state/control.sock"));
    };
    const sealing = { "dkim-sign": { keys: "dkim" }, "arc-seal": { domain: "example.net" } };
    await reload(sealing);
    const signed = await forward(server, places, EIGHT_BIT, "joe@example.net");
    deepEqual(await byDkimpy([octetsOf(signed)], records), [["pass", "pass"]]);

    const networks = [] as const; // mail of these clients is from elsewhere
    await reload({ ...sealing, "dkim-sign": { keys: "dkim", networks } });
    for (const name of ["mx.example.net", "results.example.net"]) {
      await reload({ "authserv-id": name });
      const sealed = await forward(server, places, FROM_ELSEWHERE, "joe@author.example");
      ok(sealed.message.includes(`ARC-Authentication-Results: i=1; ${name};`), sealed.message);
      equal((await arcByDkimpy([octetsOf(sealed)], records))[0]![0], "pass");
    }
  },
});

Deno.test({
  name: "what is forwarded is sealed with what was found out, and sealed again when it comes back",
  ...programs,
  fn: async () => {
    await using places = await Places.start({ "fine.example": {} }, {
      "author.example": { records: '@ TXT "v=spf1 ip4:127.0.0.1 -all"' },
      "example.net": { records: keys.map(zoneLine).join("\n") },
    });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    const more = {
      "dkim-sign": { keys: "dkim", networks: [] },
      "arc-seal": { domain: "example.net" },
      aliases: { away: "ann@fine.example" },
      handlers: [{ "sender-authentication": { except: "10.0.0.0/8" } }],
    };
    await using server = await Running.start(signing(nsd, places.port, more));
    const forwarded = (text: string, from: string) => forward(server, places, text, from);
    const first = await forwarded(FROM_ELSEWHERE, "joe@author.example");
    match(first.message, /^ARC-Seal: i=1;[^]*?cv=none[^]*ARC-Auth[^:]*: i=1; mx\.example\.net;/);
    match(first.message, /ARC-Authentication-Results:[^]*?spf=pass[^]*?arc=none[^]*?\r\nDelivered/);
    const again = Buffer.from(first.message.replace(/^Delivered-To:.*\r\n/m, ""), "latin1");
    const second = await forwarded(again.toString().replace(/^\./gm, ".."), "x@other.example");
    match(second.message, /^ARC-Seal: i=2;[^]*?cv=pass/);
    const verdicts = await arcByDkimpy([first, second].map(octetsOf), records);
    deepEqual(verdicts.map(([result]) => result), ["pass", "pass"], JSON.stringify(verdicts));
  },
});

/** Mail that leaves, who it is from, and what puts how many of which fields on it. */
const LEAVING = {
  signed: {
    to: "ann@fine.example",
    author: "joe@example.net",
    settings: { "dkim-sign": { keys: "dkim" } },
    field: "DKIM-Signature",
    times: 2,
    verify: async (taken: Buffer) => (await byDkimpy([taken], records))[0],
  },
  sealed: {
    to: "away@example.net",
    author: "joe@author.example",
    settings: {
      "dkim-sign": { keys: "dkim", networks: [] },
      "arc-seal": { domain: "example.net" },
    },
    field: "ARC-Seal",
    times: 1,
    verify: async (taken: Buffer) => (await arcByDkimpy([taken], records))[0]!.slice(0, 1),
  },
} as const;

for (const [done, { to, author, settings, field, times, verify }] of Object.entries(LEAVING)) {
  Deno.test({
    name: `mail that was deferred is ${done} once, by a server that was killed in between`,
    ...programs,
    fn: async () => {
      let isReady = false;
      await using places = await Places.start({
        "fine.example": {
          answer: ({ verb }) => verb === "MAIL" && !isReady ? "451 4.3.0 later\r\n" : undefined,
        },
      }, { "example.net": { records: keys.map(zoneLine).join("\n") } });
      await using nsd = await Nsd.start(zonesOf(places.domains));
      using directory = new Directory();
      const more = {
        ...settings,
        queue: { retry: ["2 s"] },
        aliases: { away: "ann@fine.example" },
        handlers: [
          { "relay-to": { networks: ["127.0.0.0/8"] } },
          { "sender-authentication": { except: "10.0.0.0/8" } },
        ],
      };
      const start = () => Running.start(signing(nsd, places.port, more), { directory });
      {
        await using server = await start();
        const text = EIGHT_BIT.replace("joe@example.net", author);
        match(await send(server, [to], text, author), /^250/);
        await until("it was tried", async () => (await queued(server))[0]?.lastAttempt != null);
        server.kill("SIGKILL");
      }
      isReady = true;
      await using server = await start();
      const { taken: [taken] } = await until("it arrives", () => {
        const sink = places.sinks["fine.example"]!;
        return sink.taken.length === 1 && sink;
      });
      equal(taken!.message.match(new RegExp(`^${field}:`, "gim"))?.length, times);
      deepEqual(await verify(octetsOf(taken!)), new Array(times).fill("pass"));
      await until("the queue is empty", async () => (await queued(server)).length === 0);
    },
  });
}

Deno.test({
  name: "a server that root starts opens OpenSSL before it gives up root, and signs as its user",
  ignore: programs.ignore || needRoot().ignore,
  fn: async () => {
    await using places = await Places.start({ "fine.example": {} });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    await using server = await Running.start((directory) => {
      Deno.chmodSync(directory.path, 0o755);
      const settings = signing(nsd, places.port, { user: "nobody", "handlers-as-root": false });
      const all = settings(directory);
      for (
        const name of [
          "",
          "/example.net",
          ...keys.map((key) => `/example.net/${key.selector}.pem`),
        ]
      ) {
        Deno.chownSync(directory.of(`dkim${name}`), 65534, 65534);
      }
      return { ...all, "spool-directory": "spool" };
    });
    await server.logs(/gave up root user=nobody/);
    match(await send(server, ["ann@fine.example"], EIGHT_BIT), /^250/);
    const taken = await until(
      () => `it has arrived\n${server.log.join("\n")}`,
      () => places.sinks["fine.example"]!.taken[0],
    );
    deepEqual(await byDkimpy([octetsOf(taken)], records), [["pass", "pass"]]);
    match(Deno.readTextFileSync(`/proc/${server.pid}/maps`), /libcrypto\.so\.3/);
  },
});
