/**
 * Mail to exchangers by the running program: what the queue, the log and the bounce say, and what arrives.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { need } from "../need.ts";
import { freePort, Nsd } from "../nsd.ts";
import { type Directory, postmaster, Running, type Settings, until } from "../running.ts";
import { isBare, LOOK_ALIKES } from "../smtp/look_alikes.ts";
import { Unbound } from "../unbound.ts";
import { issue } from "../tls/authority.ts";
import { type Domains, zonesOf } from "./names.ts";
import { type Plan, Sink } from "./sink.ts";

const SENDER = "you@example.net";

/** A server that sends the mail of this machine to exchangers. */
const relaying =
  (dns: Pick<Nsd, "address">, port: number, more: Settings = {}, relay: Settings = {}) =>
  (directory: Directory): Settings => ({
    handlers: [{ "relay-to": { networks: ["127.0.0.0/8"] } }],
    dns: { servers: [dns.address] },
    relay: { mx: { port }, allow: ["127.0.0.0/8"], ...relay },
    queue: { retry: ["1 h"] },
    deliver: "queued",
    log: { level: "info" },
    postmaster: "you",
    mailer: { command: ["tee", "-a", directory.of("mail")] },
    ...more,
  });

/** Hands in a message and returns the reply. */
async function send(
  server: Running,
  to: readonly string[],
  text = "Subject: hello\r\n\r\nhello\r\n",
  from = SENDER,
): Promise<string> {
  using client = await server.connect();
  for (const line of ["EHLO client.example.net", `MAIL FROM:<${from}>`]) {
    equal((await client.command(line)).code, 250, line);
  }
  for (const one of to) equal((await client.command(`RCPT TO:<${one}>`)).code, 250, one);
  equal((await client.command("DATA")).code, 354);
  client.send(`${text}.\r\n`);
  const { code, lines } = await client.reply();
  return `${code} ${lines.join(" ")}`;
}

interface Listed {
  readonly recipient: string;
  readonly state: string;
  readonly lastAttempt: { readonly reason: string; readonly status?: string } | null;
}

async function queued(server: Running): Promise<Listed[]> {
  const config = server.directory.of("postmaster.yaml");
  const { stdout, stderr } = await postmaster("queue", "list", "--json", "--config", config);
  equal(stderr, "");
  return stdout.trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** A sink for each domain, with an address of its own. */
class Places implements AsyncDisposable {
  readonly sinks: Record<string, Sink> = {};
  readonly domains: Record<string, Domains[string]>;

  private constructor(readonly port: number, others: Domains) {
    this.domains = { ...others };
  }

  static async start(plans: Readonly<Record<string, Plan>>, others: Domains = {}): Promise<Places> {
    const places = new Places(await freePort(), others);
    for (const [i, [domain, plan]] of Object.entries(plans).entries()) {
      const address = `127.0.1.${i + 1}`;
      places.sinks[domain] = await Sink.start({ ...plan, address, port: places.port });
      places.domains[domain] = address;
    }
    return places;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.sinks).map((sink) => sink[Symbol.asyncDispose]()));
  }
}

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
  const port = await freePort();
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

const sha256 = async (data: Uint8Array): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(data))).toHex();

Deno.test({
  name:
    "mail for another such server goes by MX with DANE; a server without the right certificate gets nothing",
  ...need("nsd", "unbound", "ldns-signzone"),
  fn: async () => {
    const port = await freePort();
    const right = await issue({ name: "mx.dane.example", domains: ["mx.dane.example"] });
    const wrong = await issue({ name: "mx.dane.example", domains: ["mx.dane.example"] });
    const tlsa = `_${port}._tcp.mx TLSA 3 1 1 ${await sha256(right.spki)}`;
    const zone = (address: string) => `@ MX 10 mx\nmx A ${address}\n${tlsa}`;
    await using other = await Running.start((directory) => ({
      ...{ hostname: "mx.dane.example", listen: `127.0.1.31:${port}`, domains: ["dane.example"] },
      ...{ users: ["ann"], postmaster: "ann" },
      tls: {
        certificate: directory.write("certificate.pem", right.certificate),
        key: directory.write("key.pem", right.key),
      },
      mailer: { command: ["tee", "-a", directory.of("mail")] },
    }));
    await using evil = await Sink.start({ address: "127.0.1.32", port, tls: wrong });
    await using stripped = await Sink.start({ address: "127.0.1.33", port });
    await using unbound = await Unbound.start({
      "dane.example": zone("127.0.1.31"),
      "evil.example": zone("127.0.1.32"),
      "stripped.example": zone("127.0.1.33"),
      "insecure.example": zone("127.0.1.33"),
      "forged.example": zone("127.0.1.33"),
    }, {
      "dane.example": {},
      "evil.example": {},
      "stripped.example": {},
      "forged.example": { forged: { "TLSA\t3 1 1": "TLSA\t3 1 0" } },
    });
    const dns = { servers: [unbound.address], validating: true };
    await using server = await Running.start(relaying(unbound, port, { dns }));
    const names = ["dane", "evil", "stripped", "insecure", "forged"];
    await send(server, [...names.map((name) => `ann@${name}.example`), "nobody@dane.example"]);
    await until("it has arrived", () => /Subject: hello/.test(other.directory.read("mail")));
    match(other.directory.read("mail"), /by mx\.dane\.example with ESMTPS/);
    const waiting = await until("the others wait", async () => {
      const all = await queued(server);
      return all.every(({ state, lastAttempt }) => state === "waiting" && lastAttempt) && all;
    });
    const reasons = waiting.map(({ recipient, lastAttempt }) =>
      `${recipient} ${lastAttempt?.reason}`
    );
    const [bad = "", fake = "", bare = "", ...more] = reasons.toSorted();
    deepEqual(more, [], server.log.join("\n"));
    ok(bad !== "", server.log.join("\n"));
    match(bad, /^ann@evil\.example mx\.evil\.example: .*TLSA/);
    match(fake, /^ann@forged\.example .*unknown/);
    match(bare, /^ann@stripped\.example mx\.stripped\.example offers no STARTTLS/);
    deepEqual([evil.taken, stripped.taken.map(({ rcpt }) => rcpt)], [
      [],
      [["RCPT TO:<ann@insecure.example>"]],
    ]);
    ok(!/MAIL/.test(evil.clear + evil.heard.map(({ encrypted }) => encrypted).join()));
    const bounce = await until("the sender knows of nobody", () => {
      const mail = server.directory.read("mail");
      return mail.includes("nobody@dane.example") && mail;
    });
    match(bounce, /Status: 5\.1\.1/);
  },
});
