/** `dmarc report` and `tls report`: reports that others have sent. */
import { deepEqual, equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { need } from "../need.ts";
import { Directory, type Ended, feed, postmaster, run } from "../running.ts";

const sample = (name: string): string =>
  fileURLToPath(new URL(`../dmarc/reports/${name}`, import.meta.url));
const octetsOf = (name: string): Uint8Array<ArrayBuffer> => Deno.readFileSync(sample(name));

/** What Python makes of a file on its standard input. */
async function python(program: string, input: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const { stdout, stderr } = await run("python3", [
    "-c",
    `import base64, sys, io
def put(octets): print(base64.b64encode(octets).decode())
octets = sys.stdin.buffer.read()
${program}`,
  ], input);
  equal(stderr, "");
  return Uint8Array.from(Buffer.from(stdout, "base64"));
}

/** A zip archive whose headers do not know how long its file is. */
const STREAMED_ZIP = `import zipfile
class Pipe(io.RawIOBase):
  def __init__(self): self.all = b""
  def writable(self): return True
  def write(self, octets): self.all += bytes(octets); return len(octets)
pipe = Pipe()
with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
  with archive.open("a!b!1!2.xml", "w") as file: file.write(octets)
put(pipe.all)`;

const ZIP = `import zipfile
file = io.BytesIO()
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive: archive.writestr("r.xml", octets)
put(file.getvalue())`;
/** An archive with the same file forty times. */
const ZIPS = `import zipfile
file = io.BytesIO()
with zipfile.ZipFile(file, "w") as archive:
  for i in range(40): archive.writestr(f"{i}.xml.gz", octets)
put(file.getvalue())`;

/** A message with a text for people and a report, as an mbox has it. */
const messageWith = (type: string, name: string) =>
  `from email.message import EmailMessage
message = EmailMessage()
message["From"] = "reports@mail.example"
message["Subject"] = "Report Domain: example.net"
message.set_content("{ <this> is no report }")
message.add_alternative("<html>nor this</html>", subtype="html")
message.add_attachment(octets, maintype="application", subtype="${type}", filename="${name}")
put(b"From reports@mail.example Sat Nov 28 00:00:00 2026\\n" + message.as_bytes())`;

Deno.test("a report is told in a table, and several with their sum", async () => {
  const { code, stdout, stderr } = await postmaster("dmarc", "report", sample("plain.report"));
  equal(stderr, "");
  equal(code, 0);
  deepEqual(stdout.split("\n"), [
    "example.net, seen by mail.example.com <noreply-dmarc@example.com>",
    "from 2026-11-28 00:00 UTC to 2026-11-28 23:59 UTC; report 8239147293847234234",
    "policy: adkim=r; aspf=r; p=quarantine; sp=reject; pct=100; np=reject",
    "",
    "COUNT  SOURCE        FROM         DMARC             DONE                 SPF                    DKIM",
    "  140  2001:db8::25  example.net  pass (dkim, spf)  none                 pass example.net       pass example.net",
    "    7  203.0.113.66  example.net  fail              quarantine           none spam.example      -",
    "    2  192.0.2.7     example.net  pass (dkim)       none (local_policy)  pass list.example.org  pass example.net, pass list.example.org",
    "",
    "149 messages from 3 addresses: DMARC passed for 142 (95.3 %), failed for 7 (4.7 %); " +
    "0 refused, 7 put aside",
    "",
  ]);
  const all = ["plain", "sparse", "rfc9990", "with_schema_names"].map((one) =>
    sample(`${one}.report`)
  );
  const several = await postmaster("dmarc", "report", ...all);
  equal(several.stderr, "");
  match(
    several.stdout,
    /\n\n166 messages from 7 addresses: DMARC passed for 154 \(92\.8 %\), .*\n$/,
  );
});

Deno.test("reports of all forms of real life are read as data", async () => {
  const names = ["rfc9990", "sparse", "with_schema_names"];
  const files = names.map((name) => sample(`${name}.report`));
  const { stdout } = await postmaster("dmarc", "report", "--json", ...files);
  const [successor, sparse, named] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  equal(successor.organization, "Successor <Ltd.>");
  deepEqual(successor.policy, {
    ...{ discovery_method: "treewalk", p: "reject", np: "reject", testing: "y" },
  });
  deepEqual(successor.rows, [{
    ...{ source: "2001:db8::1", count: 12, disposition: "pass" },
    aligned: { dkim: true, spf: false },
    reasons: [{ type: "policy_test_mode", comment: "" }],
    ...{ headerFrom: "example.net", envelopeFrom: "", envelopeTo: "" },
    dkim: [{ domain: "example.net", selector: "s", result: "pass" }],
    spf: [{ domain: "mx.example.net", scope: "", result: "none" }],
  }]);
  deepEqual([sparse.begin, sparse.end], [1795824000, 1795910399]);
  deepEqual(sparse.errors, ["the DNS did not answer for 3 messages"]);
  deepEqual(
    sparse.rows.map(({ source, count, disposition }: Record<string, unknown>) => [
      ...[source, count, disposition],
    ]),
    [["192.0.2.9", 3, "reject"], ["192.0.2.10", 1, "none"]],
  );
  equal(named.rows[0].headerFrom, "example.net");
  deepEqual(named.rows[0].spf.map(({ scope }: { readonly scope: string }) => scope), [
    ...["mfrom", "helo"],
  ]);
});

Deno.test({
  name: "a report is found compressed, in archives, and in messages",
  ...need("python3"),
  fn: async () => {
    const plain = octetsOf("plain.report");
    const zipped = await python(ZIP, plain);
    const forms = [
      ...[plain, gzipSync(plain), zipped, await python(STREAMED_ZIP, plain)],
      await python(messageWith("gzip", "a!b!1!2.xml.gz"), gzipSync(plain)),
      await python(messageWith("zip", "a!b!1!2.zip"), zipped),
      await python(messageWith("octet-stream", "a.xml"), plain),
      new TextEncoder().encode(
        "Subject: one part\r\nContent-Type: application/gzip\r\n" +
          `Content-Transfer-Encoding: base64\r\n\r\n${gzipSync(plain).toString("base64")}\r\n`,
      ),
    ];
    using directory = new Directory();
    const files = forms.map((form, i) => {
      Deno.writeFileSync(directory.of(`${i}`), form);
      return directory.of(`${i}`);
    });
    const { stdout, stderr } = await postmaster("dmarc", "report", "--json", ...files);
    equal(stderr, "");
    const reports = stdout.trimEnd().split("\n");
    equal(reports.length, forms.length);
    equal(new Set(reports).size, 1);
    const piped = await feed(forms[4]!, "dmarc", "report", "-");
    equal(piped.stderr, "");
    match(piped.stdout, /^149 messages from 3 addresses/m);
  },
});

Deno.test({
  name: "a report of TLS is told in tables, out of a message too",
  ...need("python3"),
  fn: async () => {
    const message = await python(
      messageWith("tlsrpt+gzip", "a!b!1!2.json.gz"),
      gzipSync(octetsOf("tls.json")),
    );
    const { code, stdout, stderr } = await feed(message, "tls", "report", "-");
    equal(stderr, "");
    equal(code, 0);
    deepEqual(stdout.split("\n"), [
      "example.net, sub.example.net, seen by Example Mail Inc. <smtp-tls-reporting@mail.example>",
      "from 2026-11-28T00:00:00Z to 2026-11-28T23:59:59Z; report 2026-11-28T00:00:00Z_example.net",
      "",
      "GOOD  FAILED  POLICY           DOMAIN           SERVERS",
      "  57       3  sts              example.net      mx.example.net",
      "   0       0  no-policy-found  sub.example.net  mx2.example.net",
      "",
      "COUNT  FAILURE              SENDER     SERVER                         REASON",
      "    2  certificate-expired  192.0.2.7  mx.example.net [2001:db8::25]  X509_V_ERR_CERT_HAS_EXPIRED",
      "    1  validation-failure   -          -                              -",
      "",
      "60 connections: 57 good (95 %), 3 failed (5 %)",
      "",
    ]);
    const json = await postmaster("tls", "report", "--json", sample("tls.json"));
    equal(JSON.parse(json.stdout).policies[0].details[1].count, 1);
  },
});

Deno.test({
  name: "what is broken, no report or a bomb is a complaint, and the others are shown",
  ...need("python3"),
  fn: async () => {
    using directory = new Directory();
    const put = (name: string, octets: Uint8Array | string) => {
      Deno.writeFileSync(directory.of(name), Uint8Array.from(Buffer.from(octets)));
      return directory.of(name);
    };
    const report = Deno.readTextFileSync(sample("plain.report"));
    const zeros = new Uint8Array(80_000_000);
    const bad = [
      put("lol.xml", report.replace("<feedback>", '<!DOCTYPE feedback [<!ENTITY a "b">]>$&')),
      put(
        "outside.xml",
        report.replace("<feedback>", '<!doctype feedback SYSTEM "/etc/passwd">$&'),
      ),
      put("half.xml", report.slice(0, 900)),
      put("page.html", "<html><body>gone</body></html>"),
      put("text.eml", "Subject: hello\r\n\r\nno report\r\n"),
      put("bomb.gz", gzipSync(zeros)),
      put("bomb.zip", await python(ZIP, zeros)),
      put("bombs.zip", await python(ZIPS, gzipSync(`<a>${" ".repeat(2_000_000)}`))),
      put("half.gz", gzipSync(report).subarray(0, 500)),
      put("half.zip", (await python(ZIP, Buffer.from(report))).subarray(0, 500)),
      put("nothing", ""),
      put("other.json", "[1, 2]"),
      directory.of("missing.xml"),
    ];
    const { code, stdout, stderr } = await postmaster(
      "dmarc",
      "report",
      ...bad,
      sample("plain.report"),
    );
    equal(code, 1);
    match(stdout, /^149 messages from 3 addresses/m);
    deepEqual(stderr.trimEnd().split("\n").map((line) => line.replace(/\/tmp\S+\//, "")), [
      "postmaster: lol.xml: it has a document type, which no report needs",
      "postmaster: outside.xml: it has a document type, which no report needs",
      "postmaster: half.xml: its XML is broken or cut off",
      "postmaster: page.html: it is no report of DMARC: it has no `feedback`",
      "postmaster: text.eml: there is no report in it",
      "postmaster: bomb.gz: it would have more than 67108864 octets",
      "postmaster: bomb.zip: it would have more than 67108864 octets",
      "postmaster: bombs.zip: it would have more than 67108864 octets",
      "postmaster: half.gz: its compression is broken",
      "postmaster: half.zip: its archive is broken",
      "postmaster: nothing: there is no report in it",
      "postmaster: other.json: there is no report in it",
      "postmaster: missing.xml: there is no file missing.xml: create it, or mend its path",
    ]);
    const hostile = put("esc.xml", report.replace("192.0.2.7", "\u001b[2J&#x1b;]0;x&#7;\u202e"));
    const told: Ended = await postmaster("dmarc", "report", hostile);
    // deno-lint-ignore no-control-regex -- what a terminal would obey
    equal(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(told.stdout + told.stderr), false);
    const json = await postmaster(
      "tls",
      "report",
      put("a.json", '{"policies": 1}'),
      sample("tls.json"),
    );
    equal(json.stderr, "postmaster: a.json: it is no report of TLS: it has no `policies`\n");
  },
});
