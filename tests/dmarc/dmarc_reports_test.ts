/** Aggregate reports of DMARC (RFC 7489 section 7.2). */
import assert from "node:assert/strict";
import type { SpfVerdict } from "../../src/authenticity/verdict.ts";
import { CachingResolver } from "../../src/dns/caching_resolver.ts";
import { DmarcReports, type DmarcReportsOptions } from "../../src/dmarc/dmarc_reports.ts";
import type { ReportMail } from "../../src/security/report/report_mail.ts";
import type { LogEvent } from "../../src/log/event.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { Directory } from "../running.ts";
import { dmarc, message, validate, xmlIn } from "./report_kit.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-11-28T22:00:00Z");

const ZONES = {
  "example.org": "ns A 127.0.0.1\n",
  "reader.example": "ns A 127.0.0.1\n" +
    'example.org._report._dmarc TXT "v=DMARC1;"\n' +
    'moved.example._report._dmarc TXT "v=DMARC1; rua=mailto:new@reader.example,mailto:x@evil.example"\n',
};

/** Reports with a DNS server, and a clock that a test moves. */
async function world() {
  const stack = new AsyncDisposableStack();
  const directory = stack.use(new Directory());
  const nsd = stack.use(await Nsd.start(ZONES));
  const clock = { now: START };
  const mails: ReportMail[] = [];
  const logged: string[] = [];
  const log = Object.assign(
    (event: LogEvent, fields: object) => void logged.push(`${event} ${JSON.stringify(fields)}`),
    { wants: () => true },
  );
  const open = (more: Partial<DmarcReportsOptions> = {}) =>
    new DmarcReports({
      dns: new CachingResolver({ servers: [nsd.server], timeout: 2000 }),
      ...{ file: directory.of("state/dmarc.sqlite"), now: () => clock.now, random: () => 0.5, log },
      reporter: {
        organization: "B & Ä <1>",
        contact: "dmarc@here.example",
        hostname: "mx.here.example",
      },
      send: (mail: ReportMail) => Promise.resolve(mails.push(mail)),
      ...more,
    });
  return { clock, mails, logged, open, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const RECORD = "v=DMARC1; p=reject; sp=quarantine; adkim=s; pct=50; rua=mailto:agg@example.org";

Deno.test({
  name: "a day's messages are counted over a restart, and told by mail hours after midnight",
  ...need("nsd", "xmllint"),
  fn: async () => {
    await using all = await world();
    const first = all.open();
    const spf: SpfVerdict = {
      ...{ result: "pass", identity: "mailfrom", domain: "example.org", reason: "", lookups: 1 },
    };
    const signature = { identity: "@", algorithm: "rsa-sha256", signature: "abc" };
    const dkim = [
      { ...signature, result: "fail", domain: "list.example", selector: "a" },
      { ...signature, result: "pass", domain: "example.org", selector: "b<&>" },
    ] as const;
    const good = message(dmarc("example.org", RECORD), {}, { spf, dkim });
    const refused = dmarc("sub.example.org", RECORD, {
      ...{ result: "fail", policyDomain: "example.org", aligned: { spf: false, dkim: false } },
      disposition: {
        applied: "none",
        override: { type: "local_policy", comment: "an\u0001other" },
      },
    });
    first.count(good);
    first.count(good);
    await first.flush();
    first.count(message(refused, { peer: "2001:db8::7", sender: null }));
    first.count(message(dmarc("silent.example", "v=DMARC1; p=none")));
    await first.close();

    const reports = all.open();
    reports.count(good);
    reports.count(message(dmarc("example.org", RECORD), {
      recipients: [Mailbox.parse("joe@here.example"), Mailbox.parse("joe@there.example")],
    }));
    reports.count(message(dmarc("example.org", RECORD), {
      recipients: [Mailbox.parse("DMARC@here.example")],
    }));
    for (const hours of [1, 3.9]) {
      all.clock.now = START + hours * HOUR;
      await reports.work();
      assert.equal(all.mails.length, 0);
    }
    reports.count(good); // on the next day
    all.clock.now = START + 4 * HOUR;
    await reports.work();
    await reports.work();
    await reports.close();
    assert.deepEqual(all.logged, [
      'DMARC report sent {"domain":"example.org","to":"agg@example.org"}',
    ]);
    const [mail] = all.mails;
    assert.equal(mail!.to, "agg@example.org");
    const xml = xmlIn(mail!);
    await validate(xml);
    const record = (row: string, identifiers: string, results: string) =>
      `<record>${row}<identifiers>${identifiers}</identifiers>` +
      `<auth_results>${results}</auth_results></record>`;
    const evaluated = (source: string, count: number, rest: string) =>
      `<row><source_ip>${source}</source_ip><count>${count}</count><policy_evaluated>` +
      `<disposition>none</disposition>${rest}</policy_evaluated></row>`;
    const [begin, end] = [1795824000, 1795910399];
    const signed = "<dkim>pass</dkim><spf>fail</spf>";
    const to = "<envelope_to>here.example</envelope_to>";
    const from = "<envelope_from>example.org</envelope_from><header_from>example.org</header_from>";
    const unchecked =
      "<spf><domain>example.org</domain><scope>mfrom</scope><result>none</result></spf>";
    assert.equal(
      xml.replace(/>\n/g, ">"),
      '<?xml version="1.0" encoding="UTF-8"?><feedback><version>1.0</version><report_metadata>' +
        "<org_name>B &amp; Ä &lt;1&gt;</org_name><email>dmarc@here.example</email>" +
        "<report_id>2026-11-28.1.example.org@mx.here.example</report_id>" +
        `<date_range><begin>${begin}</begin><end>${end}</end></date_range></report_metadata>` +
        "<policy_published><domain>example.org</domain><adkim>s</adkim><aspf>r</aspf><p>reject</p>" +
        "<sp>quarantine</sp><pct>50</pct><fo>0</fo></policy_published>" +
        record(
          evaluated("192.0.2.7", 3, signed),
          to + from,
          "<dkim><domain>example.org</domain><selector>b&lt;&amp;&gt;</selector><result>pass</result></dkim>" +
            "<dkim><domain>list.example</domain><selector>a</selector><result>fail</result></dkim>" +
            "<spf><domain>example.org</domain><scope>mfrom</scope><result>pass</result></spf>",
        ) +
        record(evaluated("192.0.2.7", 1, signed), from, unchecked) +
        record(
          evaluated(
            "2001:db8:0:0:0:0:0:7",
            1,
            "<dkim>fail</dkim><spf>fail</spf>" +
              "<reason><type>local_policy</type><comment>an\ufffdother</comment></reason>",
          ),
          to + "<envelope_from></envelope_from><header_from>sub.example.org</header_from>",
          "<spf><domain>mx.example.org</domain><scope>helo</scope><result>none</result></spf>",
        ) + "</feedback>",
    );
    const header = new TextDecoder().decode(mail!.octets).split("\r\n\r\n")[0]!;
    assert.match(
      header,
      /^Subject: Report Domain: example\.org Submitter: mx\.here\.example Report-ID: <2026-11-28\.1\.example\.org@mx\.here\.example>$/m,
    );
    assert.ok(header.includes(`filename="mx.here.example!example.org!${begin}!${end}!1.xml.gz"`));
    assert.match(header, /^From: <dmarc@here\.example>$/m);
  },
});

/** The addresses that have got reports. */
async function told(
  all: Awaited<ReturnType<typeof world>>,
  records: Readonly<Record<string, string>>,
): Promise<string[]> {
  const reports = all.open();
  for (const [domain, record] of Object.entries(records)) {
    reports.count(message(dmarc(domain, record)));
  }
  all.clock.now += 24 * HOUR;
  await reports.work();
  await reports.close();
  return all.mails.map(({ to }) => to).sort();
}

Deno.test({
  name: "another organization gets reports only if it says so in the DNS, and where it says so",
  ...need("nsd"),
  fn: async () => {
    await using all = await world();
    const rua = (...uris: string[]) => `v=DMARC1; p=none; rua=${uris.join()}`;
    const found = await told(all, {
      "example.org": rua("mailto:a@reader.example", "mailto:b@sub.example.org"),
      "moved.example": rua("mailto:old@reader.example"),
      "evil.example": rua("mailto:victim@reader.example"),
      "bad.example": rua("https://bad.example/", "mailto:a@[192.0.2.7]", "mailto:"),
      "many.example": rua(...[1, 2, 3, 4, 5, 6].map((i) => `mailto:u${i}@many.example`)),
      'a"b.example': rua('mailto:a@a"b.example'),
    });
    assert.deepEqual(found, [
      ...["a@reader.example", "b@sub.example.org", "new@reader.example"],
      ...[1, 2, 3, 4].map((i) => `u${i}@many.example`),
    ]);
  },
});

Deno.test({
  name: "an address that wants only small reports gets no large one",
  ...need("nsd"),
  fn: async () => {
    await using all = await world();
    const uris = ["a@x.example!1k", "b@x.example!100m", "c@x.example!10", "d@x.example!1"];
    const rua = uris.map((uri) => `mailto:${uri}`).join(", ");
    assert.deepEqual(await told(all, { "x.example": `v=DMARC1; p=none; rua=${rua}` }), [
      "b@x.example",
    ]);
    assert.match(
      all.logged.join("\n"),
      /^DMARC report not sent .*"to":"a@x\.example","error":"it has \d+ octets, and no more than 1024 /m,
    );
  },
});

Deno.test({
  name: "a policy that changes in a day has a report of its own, but not too many",
  ...need("nsd", "xmllint"),
  fn: async () => {
    await using all = await world();
    const reports = all.open();
    for (let pct = 1; pct <= 9; pct++) {
      const record = `v=DMARC1; p=none; pct=${pct}; rua=mailto:a@example.org`;
      reports.count(message(dmarc("example.org", record)));
    }
    all.clock.now += 24 * HOUR;
    await reports.work();
    await reports.close();
    const found = all.mails.map((mail) => /<pct>(\d)/.exec(xmlIn(mail))?.[1]);
    assert.deepEqual(found, ["1", "2", "3", "4", "5"]);
    assert.equal(new Set(all.mails.map((mail) => /<report_id>.*/.exec(xmlIn(mail))?.[0])).size, 5);
  },
});

Deno.test({
  name:
    "100,000 sources of a domain make a report with the first 10,000, which says what is missing",
  ...need("nsd", "xmllint"),
  fn: async () => {
    await using all = await world();
    const reports = all.open();
    const verdict = dmarc("example.org", "v=DMARC1; p=none; rua=mailto:a@example.org");
    for (let i = 0; i < 100_000; i++) {
      const peer = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
      reports.count(message(verdict, { peer }));
      if (i % 5000 === 0) await reports.flush();
    }
    reports.count(message(verdict, { peer: "10.0.0.1" }));
    all.clock.now += 24 * HOUR;
    await reports.work();
    await reports.close();
    const xml = xmlIn(all.mails[0]!);
    assert.equal(xml.match(/<record>/g)?.length, 10_000);
    assert.match(xml, /<count>2<\/count>/);
    assert.match(xml, /<error>90000 more messages are not in this report/);
    await validate(xml);
  },
});

Deno.test({
  name: "a report that one of two addresses gets is done; one that nobody gets comes later",
  ...need("nsd"),
  fn: async () => {
    await using all = await world();
    const full = new Set(["b@x.example", "c@y.example"]);
    const send = (mail: ReportMail) =>
      full.has(mail.to)
        ? Promise.reject(new Error("the queue is full"))
        : Promise.resolve(all.mails.push(mail));
    const reports = all.open({ send });
    const rua = (...uris: string[]) => `v=DMARC1; p=none; rua=${uris.join()}`;
    const both = rua("mailto:a@x.example", "mailto:b@x.example");
    reports.count(message(dmarc("x.example", both)));
    reports.count(message(dmarc("y.example", rua("mailto:c@y.example"))));
    all.clock.now += 24 * HOUR;
    await reports.work();
    const recipients = () => all.mails.map(({ to }) => to);
    assert.deepEqual(recipients(), ["a@x.example"]);
    full.clear();
    all.clock.now += HOUR;
    await reports.work();
    await reports.close();
    assert.deepEqual(recipients(), ["a@x.example", "c@y.example"]);
  },
});

Deno.test({
  name: "while the DNS is away reports wait, and are given up a day later",
  ...need("nsd"),
  fn: async () => {
    await using all = await world();
    const dns = new CachingResolver({ servers: [{ address: "127.0.0.1", port: 1 }], timeout: 100 });
    const record = "v=DMARC1; p=none; rua=mailto:a@reader.example";
    const reports = all.open({ dns });
    reports.count(message(dmarc("example.org", record)));
    all.clock.now += 4 * HOUR;
    await reports.work();
    reports.count(message(dmarc("example.org", record))); // on the next day
    await reports.close();
    assert.match(all.logged.join("\n"), /^DMARC report not sent \{"domain":"example\.org","error"/);
    const later = all.open();
    all.clock.now += HOUR;
    await later.work();
    assert.equal(all.mails.length, 1);
    await later.close();

    const never = all.open({ dns });
    for (let hour = 0; hour < 60; hour++) {
      all.clock.now += HOUR;
      await never.work();
    }
    await never.close();
    const again = all.open();
    await again.work();
    await again.close();
    assert.equal(all.mails.length, 1);
  },
});

Deno.test({
  name: "while nothing can be written, counts stay in memory, and are written later",
  ...need("nsd"),
  fn: async () => {
    await using all = await world();
    using directory = new Directory();
    directory.write("state", "no directory");
    const reports = all.open({ file: directory.of("state/dmarc.sqlite") });
    const verdict = dmarc("example.org", "v=DMARC1; p=none; rua=mailto:a@example.org");
    for (let i = 0; i < 3; i++) {
      reports.count(message(verdict));
      await reports.flush();
    }
    assert.equal(all.logged.length, 1);
    assert.match(all.logged[0]!, /^state not kept /);
    Deno.removeSync(directory.of("state"));
    all.clock.now += 24 * HOUR;
    await reports.work();
    await reports.close();
    assert.match(xmlIn(all.mails[0]!), /<count>3<\/count>/);
  },
});
