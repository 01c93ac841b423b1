/** Reports of TLS to domains that want them (RFC 8460). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { CachingResolver } from "../../src/dns/caching_resolver.ts";
import type { LogEvent } from "../../src/log/event.ts";
import { reportAddresses } from "../../src/security/report/record.ts";
import type { ReportMail } from "../../src/security/report/report_mail.ts";
import { TlsReports } from "../../src/security/report/tls_reports.ts";
import type { TlsResult } from "../../src/security/security.ts";
import { selfSigned } from "../../src/tls/self_signed.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { parsed } from "../queue/report/samples.ts";
import { Directory } from "../running.ts";
import { answering, HttpsServer } from "./https_server.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-11-28T22:00:00Z");

const result = (domain: string, more: Partial<TlsResult> = {}): TlsResult => ({
  policy: { type: "no-policy-found", strings: [], domain, mxHosts: [] },
  ...{ host: `mx.${domain}`, address: "192.0.2.7", localAddress: "192.0.2.1" },
  ...{ failure: undefined, reason: undefined },
  ...more,
});

const ZONE = "ns A 127.0.0.1\nweb A 127.0.0.1\n" +
  '_smtp._tls.mail TXT "v=TLSRPTv1; rua=mailto:tls@mail.example.net"\n' +
  '_smtp._tls.web TXT "v=TLSRPTv1;rua=https://web.example.net/tls?a=b"\n' +
  '_smtp._tls.bad TXT "v=TLSRPTv1; rua=ftp://web.example.net, nonsense"\n';

/** Reports with a DNS server, a web server, and a clock that a test moves. */
async function world() {
  const stack = new AsyncDisposableStack();
  const directory = stack.use(new Directory());
  const nsd = stack.use(await Nsd.start({ "example.net": ZONE }));
  const certificate = await selfSigned(["web.example.net"], 30);
  const bodies: Promise<object>[] = [];
  const web = stack.use(await HttpsServer.start(certificate, answering("")));
  const clock = { now: START };
  const mails: ReportMail[] = [];
  const logged: string[] = [];
  const log = Object.assign(
    (event: LogEvent, fields: object) => void logged.push(`${event} ${JSON.stringify(fields)}`),
    { wants: () => true },
  );
  const open = (more: object = {}) =>
    new TlsReports({
      dns: new CachingResolver({ servers: [nsd.server], timeout: 2000 }),
      ...{ directory: directory.of("tls-reports"), ca: certificate.certificate, port: web.port },
      ...{ isAllowed: () => true, now: () => clock.now, random: () => 0.5, log },
      reporter: {
        ...{ organization: "Exämple", contact: "joe@example.org", hostname: "mx.example.org" },
      },
      send: (mail: ReportMail) => Promise.resolve(mails.push(mail)),
      ...more,
    });
  return {
    ...{ nsd, web, clock, mails, logged, bodies, open, directory },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const sts = (domain: string): TlsResult["policy"] => ({
  ...{
    type: "sts",
    strings: ["version: STSv1", "mode: testing"],
    domain,
    mxHosts: ["*.example.net"],
  },
});

/** The report in a message. */
function reportIn({ octets }: ReportMail): unknown {
  const [, base64 = ""] =
    /gz"\r\n\r\n([A-Za-z0-9+/=\r\n]+)\r\n--/.exec(String(Buffer.from(octets))) ??
      [];
  return JSON.parse(gunzipSync(Buffer.from(base64, "base64")).toString());
}

Deno.test({
  name: "a day's connections are counted over a restart, and told by mail hours after midnight",
  ...need("nsd", "python3"),
  fn: async () => {
    await using all = await world();
    const first = all.open();
    const [domain, policy] = ["mail.example.net", sts("mail.example.net")];
    first.count(result("Mail.Example.NET."));
    first.count(result(domain, { policy }));
    first.count(result("silent.example.net"));
    first.count(result("bad.example.net"));
    first.count(result("[192.0.2.7]"));
    await first.close();
    const reports = all.open();
    const reason = "mx.mail.example.net: certificate has expired";
    const failed = { policy, failure: "certificate-expired", reason } as const;
    reports.count(result(domain, failed));
    reports.count(result(domain, { ...failed, reason: "the same" }));
    reports.count(result(domain, { ...failed, address: "2001:db8::7" }));
    const none = { host: undefined, address: undefined, localAddress: undefined };
    reports.count(result(domain, { ...none, policy, failure: "sts-policy-fetch-error" }));
    reports.count(result(domain, { failure: "starttls-not-supported" }));
    for (const hours of [1, 2.9]) {
      all.clock.now = START + hours * HOUR;
      await reports.work();
    }
    assert.equal(all.mails.length, 0);
    all.clock.now = START + 4 * HOUR;
    reports.count(result(domain)); // on the next day
    await reports.work();
    await reports.work();
    assert.equal(all.mails.length, 1);
    const details = {
      ...{ "sending-mta-ip": "192.0.2.1", "receiving-mx-hostname": "mx.mail.example.net" },
      ...{ "receiving-ip": "192.0.2.7" },
    };
    const expired = {
      "result-type": "certificate-expired",
      ...details,
      "failure-reason-code": reason,
    };
    assert.deepEqual(reportIn(all.mails[0]!), {
      "organization-name": "Exämple",
      "date-range": {
        "start-datetime": "2026-11-28T00:00:00Z",
        "end-datetime": "2026-11-28T23:59:59Z",
      },
      "contact-info": "joe@example.org",
      "report-id": "2026-11-28.mail.example.net@mx.example.org",
      policies: [{
        policy: { "policy-type": "no-policy-found", "policy-domain": domain },
        summary: { "total-successful-session-count": 1, "total-failure-session-count": 1 },
        "failure-details": [
          { "result-type": "starttls-not-supported", ...details, "failed-session-count": 1 },
        ],
      }, {
        policy: {
          ...{ "policy-type": "sts", "policy-string": ["version: STSv1", "mode: testing"] },
          ...{ "policy-domain": domain, "mx-host": ["*.example.net"] },
        },
        summary: { "total-successful-session-count": 1, "total-failure-session-count": 4 },
        "failure-details": [
          { ...expired, "failed-session-count": 2 },
          { ...expired, "receiving-ip": "2001:db8::7", "failed-session-count": 1 },
          { "result-type": "sts-policy-fetch-error", "failed-session-count": 1 },
        ],
      }],
    });
    assert.deepEqual(all.logged, [
      'TLS report sent {"domain":"mail.example.net","to":"tls@mail.example.net"}',
    ]);
    await reports.close();
    assert.deepEqual(
      Array.from(Deno.readDirSync(all.directory.of("tls-reports")), ({ name }) => name),
      [
        "2026-11-29.json",
      ],
    );
    const [seen] = await parsed([Buffer.from(all.mails[0]!.octets)]);
    assert.deepEqual(seen!.defects, []);
    assert.equal(seen!.reportType, "tlsrpt");
    assert.deepEqual(seen!.parts.map(({ type }) => type), [
      "text/plain",
      "application/tlsrpt+gzip",
    ]);
    const { fields } = seen!;
    assert.equal(fields["TLS-Report-Domain"], "mail.example.net");
    assert.equal(fields["TLS-Report-Submitter"], "mx.example.org");
    assert.equal(fields["TLS-Required"], "No");
    assert.equal(
      fields["Subject"],
      "Report Domain: mail.example.net Submitter: mx.example.org " +
        "Report-ID: <2026-11-28.mail.example.net@mx.example.org>",
    );
  },
});

Deno.test({
  name:
    "a report goes by HTTPS, again after a failure, to no address that is not allowed, and not for ever",
  ...need("nsd"),
  fn: async () => {
    await using all = await world();
    const reports = all.open();
    const heard = Promise.withResolvers<unknown>();
    reports.count(result("web.example.net"));
    all.clock.now = START + 4 * HOUR;
    all.web.answer = (_, response) =>
      void response.writeHead(302, { location: "https://web.example.net/other" }).end();
    await reports.work();
    await reports.work();
    assert.deepEqual(all.web.requests, ["POST web.example.net /tls?a=b"]);
    all.clock.now += HOUR / 2;
    all.web.answer = async (request, response) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk);
      heard.resolve([
        request.headers["content-type"],
        JSON.parse(gunzipSync(Buffer.concat(chunks)).toString())["report-id"],
      ]);
      response.writeHead(201).end("thanks");
    };
    await reports.work();
    assert.deepEqual(await heard.promise, [
      ...["application/tlsrpt+gzip", "2026-11-28.web.example.net@mx.example.org"],
    ]);
    all.clock.now += 24 * HOUR;
    await reports.work();
    assert.equal(all.web.requests.length, 2);
    await reports.close();

    const refusing = all.open({ isAllowed: () => false });
    refusing.count(result("web.example.net"));
    for (let hour = 0; hour < 60; hour++) {
      all.clock.now += HOUR;
      await refusing.work();
    }
    await refusing.close();
    assert.equal(all.web.requests.length, 2);
    assert.match(all.logged.at(-1) ?? "", /not sent.*only addresses that are not allowed: 127/);
    assert.deepEqual(Array.from(Deno.readDirSync(all.directory.of("tls-reports"))), []);
  },
});

Deno.test({
  name: "while the DNS is away, reports wait",
  ...need("nsd"),
  fn: async () => {
    await using all = await world();
    const dns = new CachingResolver({ servers: [{ address: "127.0.0.1", port: 1 }], timeout: 100 });
    const reports = all.open({ dns });
    reports.count(result("mail.example.net"));
    all.clock.now = START + 4 * HOUR;
    await reports.work();
    await reports.close();
    assert.equal(all.mails.length, 0);
    const later = all.open();
    all.clock.now += HOUR;
    await later.work();
    await later.close();
    assert.equal(all.mails.length, 1);
  },
});

Deno.test("the record of TLS reports names mailboxes and pages by HTTPS", () => {
  const read = (...texts: string[]) =>
    reportAddresses(texts.map((text) => [text])).map((address) =>
      "url" in address ? address.url.href : String(address.mail)
    );
  assert.deepEqual(
    read("v=TLSRPTv1; rua=mailto:a%2Bb@example.net?subject=x , https://h.example/p;"),
    [
      ...["a+b@example.net", "https://h.example/p"],
    ],
  );
  assert.deepEqual(read("v=spf1 -all", "v=TLSRPTv1;rua=mailto:a@b.example"), ["a@b.example"]);
  const bad = [
    ...["v=TLSRPTv1", "v=TLSRPTv1;", "v=TLSRPTv2;rua=mailto:a@b", "v=TLSRPTv1; rua=http://b/"],
    ...["v=TLSRPTv1; rua=mailto:a@b.example%0D%0ABcc:x", "v=TLSRPTv1; rua=mailto:", "x"],
  ];
  for (const text of bad) assert.deepEqual(read(text), [], text);
  assert.deepEqual(
    read("v=TLSRPTv1;rua=mailto:a@b.example", "v=TLSRPTv1;rua=mailto:a@b.example"),
    [],
  );
  const many = Array.from({ length: 9 }, (_, i) => `mailto:u${i}@b.example`).join();
  assert.equal(read(`v=TLSRPTv1;rua=${many}`).length, 4);
});
