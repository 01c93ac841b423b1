/**
 * Mail to exchangers by the running program: what the queue, the log and the bounce say, and what arrives.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { freePort } from "../ports.ts";
import { type Directory, Running, type Settings, until } from "../running.ts";
import { isBare, LOOK_ALIKES } from "../smtp/look_alikes.ts";
import { issue } from "../tls/authority.ts";
import { zonesOf } from "./names.ts";
import { Places, queued, relaying, send, SENDER } from "./relaying.ts";

const own = await issue({ name: "mx.secret.example", domains: ["mx.secret.example"] });

Deno.test({
  name:
    "each recipient has the outcome that its exchangers give, in the queue, the log and the bounce",
  ...need("nsd"),
  fn: async () => {
    await using places = await Places.start({
      "fine.example": {},
      "secret.example": { tls: own },
      "mixed.example": {
        answer: ({ verb, before }) =>
          verb === "RCPT" ? ["450 4.2.1 slowly", "550 5.1.1 unknown", "250 ok"][before] : undefined,
      },
      "lost.example": {
        answer: ({ verb }) => verb === "DOT" ? { octets: "", then: "drop" } : undefined,
      },
      "silent.example": {
        answer: ({ verb }) => verb === "GREETING" ? { octets: "", then: "silence" } : undefined,
      },
      "endless.example": {
        answer: ({ verb }) =>
          verb === "EHLO" ? { octets: "250-and so on\r\n", then: "flood" } : undefined,
      },
      "naked.example": {},
      "spare.example": {},
    }, {
      "null.example": { records: "@ MX 0 ." },
      "own.example": { records: "@ MX 10 mx.example.net." },
      "dead.example": "127.0.1.200",
      "private.example": "10.255.255.1",
      "none.example": { records: "" },
      "many.example": {
        records: "@ MX 10 dead.dead.example.\n@ MX 20 mx.dead.example.\n@ MX 30 mx.spare.example.",
      },
    });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    const relay = {
      tls: { default: "auto", "naked.example": "encrypt" },
      timeouts: { greeting: "300 ms", connect: "1 s" },
    };
    await using server = await Running.start(relaying(nsd, places.port, {}, relay));
    const to = [
      "ann@fine.example",
      "ann@secret.example",
      ...["one", "two", "three"].map((name) => `${name}@mixed.example`),
      "ann@lost.example",
      "ann@silent.example",
      "ann@endless.example",
      "ann@naked.example",
      "ann@null.example",
      "ann@own.example",
      "ann@dead.example",
      "ann@private.example",
      "ann@none.example",
      "ann@many.example",
      "ann@gone.mixed.example",
    ];
    match(await send(server, to), /^250 ok: queued/);
    let seen: unknown;
    const waiting = await until(
      () => `all were tried: ${JSON.stringify(seen)} ${server.log.join("\n")}`,
      async () => {
        const all = seen = await queued(server);
        return all.every(({ state, lastAttempt }) => state === "waiting" && lastAttempt !== null) &&
          all;
      },
    );
    const reasons = Object.fromEntries(
      waiting.map(({ recipient, lastAttempt }) => [recipient, lastAttempt?.reason ?? ""]),
    );
    deepEqual(Object.keys(reasons).toSorted(), [
      "ann@dead.example",
      "ann@endless.example",
      "ann@lost.example",
      "ann@naked.example",
      "ann@private.example",
      "ann@silent.example",
      "one@mixed.example",
    ]);
    match(reasons["ann@dead.example"]!, /mx\.dead\.example.*127\.0\.1\.200 refuses connections/);
    match(reasons["ann@endless.example"]!, /its reply is too long/);
    match(reasons["ann@lost.example"]!, /mx\.lost\.example: it closed the connection/);
    match(reasons["ann@naked.example"]!, /mx\.naked\.example offers no STARTTLS/);
    match(reasons["ann@private.example"]!, /10\.255\.255\.1 is /);
    match(reasons["ann@silent.example"]!, /it did not answer in time/);
    match(reasons["one@mixed.example"]!, /mx\.mixed\.example said: 450 4\.2\.1 slowly/);

    const bounces = await until(
      () => `the failures are told: ${server.directory.read("mail")}\n${server.log.join("\n")}`,
      () => {
        const mail = server.directory.read("mail");
        const all = ["two@mixed", "ann@null", "ann@own", "ann@none", "ann@gone.mixed"];
        return all.every((one) => mail.includes(`Final-Recipient: rfc822;${one}.example`)) && mail;
      },
    );
    match(bounces, /Final-Recipient: rfc822;two@mixed\.example\r?\n[^]*?Status: 5\.1\.1/);
    match(bounces, /Remote-MTA: dns; mx\.mixed\.example/);
    match(bounces, /Diagnostic-Code: smtp; 550 5\.1\.1 unknown/);
    match(bounces, /rfc822;ann@null\.example\r?\n[^]*?Status: 5\.1\.10/);
    match(bounces, /rfc822;ann@own\.example\r?\n[^]*?Status: 5\.4\.6/);

    const { sinks } = places;
    for (const domain of ["fine", "secret", "mixed", "spare"]) {
      equal(sinks[`${domain}.example`]!.taken.length, 1, domain);
    }
    equal(sinks["secret.example"]!.taken[0]!.encrypted, true);
    ok(!/MAIL /.test(sinks["secret.example"]!.clear));
    ok(!/MAIL /.test(sinks["naked.example"]!.clear));
    await server.logs(/deferred.*ann@naked\.example.*STARTTLS/);
  },
});

Deno.test({
  name: "a message goes through as it came, octet by octet, and look-alikes of its end stay in it",
  ...need("nsd"),
  fn: async () => {
    await using places = await Places.start({ "fine.example": { extensions: ["8BITMIME"] } });
    await using nsd = await Nsd.start(zonesOf(places.domains));
    const tolerate = { "bare-line-feeds": "everyone" };
    await using server = await Running.start(relaying(nsd, places.port, { tolerate }));
    const sink = places.sinks["fine.example"]!;
    const header = "Subject:  many  spaces \r\nX-Folded: a\r\n\tb\r\nX-Empty:\r\n\r\n";
    const text = `${header}.\r\n..\r\n.dot\r\n \t\r\n${"x".repeat(998)}\r\n\r\n.\r\n\r\n`;
    match(await send(server, ["ann@fine.example"], text.replaceAll(/(^|\r\n)\./g, "$1..")), /^250/);
    await until(
      () => `it has arrived: ${sink.clear}\n${server.log.slice(-20).join("\n")}`,
      () => sink.taken.length === 1,
    );
    const [, rest] = /^Received: [^]*?\r\n(?=\S)([^]*)$/.exec(sink.taken[0]!.message) ?? [];
    equal(rest, text);

    let sent = 0;
    for (const fake of LOOK_ALIKES) {
      if (/^\r\n\.\r\n|^\r\n\.\r?$/.test(fake)) continue;
      sink.forget();
      const smuggled =
        `Subject: x\r\n\r\nhello${fake}MAIL FROM:<evil@example.org>\r\nRCPT TO:<ann@fine.example>\r\n`;
      using client = await server.connect();
      for (
        const line of [
          "EHLO x",
          `MAIL FROM:<${SENDER}> BODY=8BITMIME`,
          "RCPT TO:<ann@fine.example>",
        ]
      ) await client.command(line);
      equal((await client.command("DATA")).code, 354);
      client.send(new Uint8Array([...`${smuggled}\r\n.\r\n`].map((one) => one.charCodeAt(0))));
      const { code } = await client.reply();
      if (code !== 250) {
        ok(isBare(fake) || fake.includes("\0"), JSON.stringify(fake));
        continue;
      }
      sent++;
      await until(
        () => `it has arrived: ${sink.clear}\n${server.log.slice(-20).join("\n")}`,
        () => sink.taken.length === 1,
      );
      const { message } = sink.taken[0]!;
      ok(!/(?<!\r)\n|\r(?!\n)/.test(message), `a bare CR or LF leaves: ${JSON.stringify(message)}`);
      match(message, /MAIL FROM:<evil@example\.org>\r\nRCPT TO:<ann@fine\.example>\r\n/);
    }
    ok(sent > 12, String(sent));
    equal(
      sink.heard.every(({ clear }) =>
        !/^MAIL FROM:<evil/m.test(clear.replaceAll(/DATA\r\n[^]*?\r\n\.\r\n/g, ""))
      ),
      true,
    );
  },
});

Deno.test("two servers that send a message to each other end it, and tell the sender", async () => {
  const port = freePort();
  const place =
    (own: string, other: string, hostname: string) => (directory: Directory): Settings => ({
      ...{ hostname, listen: `${own}:${port}`, domains: [hostname], postmaster: "you" },
      handlers: [{ "relay-to": { networks: ["127.0.0.0/8"] } }],
      relay: { via: `smtp://${other}:${port}` },
      queue: { retry: ["1 h"] },
      deliver: "queued",
      mailer: { command: ["tee", "-a", directory.of("mail")] },
    });
  await using one = await Running.start(place("127.0.1.11", "127.0.1.12", "one.example"));
  await using other = await Running.start(place("127.0.1.12", "127.0.1.11", "two.example"));
  match(await send(one, ["ann@loop.example"], undefined, "you@one.example"), /^250/);
  const bounce = await until(
    () =>
      `the sender knows: ${one.directory.read("mail")}\n${one.log.slice(-20).join("\n")}\n\n${
        other.log.slice(-20).join("\n")
      }`,
    () => {
      const mail = one.directory.read("mail");
      return mail.includes("Final-Recipient: rfc822;ann@loop.example") && mail;
    },
  );
  match(bounce, /Status: 5\.4\.6/);
  const hops = bounce.match(/^Received: from (one|two)\.example/gm)?.length ?? 0;
  ok(hops >= 20 && hops <= 120, `${hops} hops`);
  equal((await queued(one)).length + (await queued(other)).length, 0);
});
