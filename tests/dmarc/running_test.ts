/** Aggregate reports of the running program: what it counts, and what arrives. */
import { deepEqual, equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DatabaseSync } from "node:sqlite";
import { zoneLine } from "../../src/signing/key_record.ts";
import { need, needFile } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { codes, Directory, feed, run, Running, until } from "../running.ts";
import { zonesOf } from "../relay/names.ts";
import { Places, relaying } from "../relay/relaying.ts";
import { newKey, recordsOf, writeKeys } from "../signing/keys.ts";
import { byDkimpy, PYTHON } from "../signing/verifiers.ts";
import { validate } from "./report_kit.ts";

/** What the shell needs so that the clock on the wall, and no other, is what a file says. */
const fake = (file: string): string =>
  "export LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1) " +
  `FAKETIME_TIMESTAMP_FILE=${file} FAKETIME_NO_CACHE=1 ` +
  "FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1";

/** Python reads a report as a stranger would: with its own parsers of messages, gzip and XML. */
const READER = `
import email, gzip, json, sys, xml.etree.ElementTree as tree
from email import policy
message = email.message_from_bytes(sys.stdin.buffer.read(), policy=policy.default)
xml = gzip.decompress(message.get_content())
root = tree.fromstring(xml)
print(json.dumps({"subject": message["Subject"], "name": message.get_filename(), "xml": xml.decode(),
  "rows": [[r.findtext("row/source_ip"), r.findtext("row/count"), r.findtext("row/policy_evaluated/disposition"),
    r.findtext("row/policy_evaluated/spf"), r.findtext("identifiers/header_from"),
    r.findtext("auth_results/spf/result")] for r in root.findall("record")]}))
`;

/** How many messages a server has written down. */
function countedIn(directory: Directory): number {
  try {
    using db = new DatabaseSync(directory.of("state/dmarc-reports.sqlite"), { readOnly: true });
    return Number(db.prepare("SELECT sum(count) AS sum FROM counted").get()?.["sum"]);
  } catch {
    return 0; // there is no file yet
  }
}

Deno.test({
  name: "what a killed server has counted is reported a day later, and read by others",
  ignore: need("nsd", "faketime", "python3", "xmllint").ignore ||
    needFile(PYTHON, "apt-get install python3-dkim").ignore,
  fn: async () => {
    using directory = new Directory();
    const key = newKey("rsa");
    await using places = await Places.start({ "author.example": {} });
    const records = '@ TXT "v=spf1 ip4:127.0.0.1 -all"\n' +
      '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:agg@author.example!10m,mailto:x@other.example"\n';
    const { "author.example": exchanger } = zonesOf(places.domains);
    await using nsd = await Nsd.start({
      "author.example": `${exchanger}\n${records}`,
      "other.example": "",
      "example.net": zoneLine(key),
    });
    writeKeys(directory.of("dkim"), [key]);
    const start = () =>
      Running.start(
        relaying(nsd, places.port, {
          handlers: [{ "sender-authentication": { except: [] } }],
          "dkim-sign": { keys: "dkim" },
          "dmarc-reports": { contact: "reports@example.net", organization: "Example" },
        }),
        { directory, before: fake(directory.of("clock")) },
      );
    const hand = async (server: Running, sender: string, author = "ann@author.example") => {
      using client = await server.connect();
      return (await codes(
        client,
        ...[
          "EHLO client.example.org",
          `MAIL FROM:<${sender}>`,
          "RCPT TO:<you@example.net>",
          "DATA",
        ],
        `From: ${author}\r\nSubject: hello\r\n\r\nhello\r\n.`,
      )).at(-1);
    };
    directory.write("clock", "-2d");
    {
      await using server = await start();
      equal(await hand(server, "ann@author.example"), 250);
      equal(await hand(server, "ann@author.example"), 250);
      equal(await hand(server, "eve@other.example"), 550);
      equal(await hand(server, "joe@other.example", "joe@other.example"), 250);
      await until("it is written down", () => countedIn(directory) === 3);
      server.kill("SIGKILL");
    }
    directory.write("clock", "+0");
    await using server = await start();
    await server.logs(/DMARC report sent/);
    const sink = places.sinks["author.example"]!;
    const [taken] = await until("it arrives", () => sink.taken.length > 0 && sink.taken);
    match(taken!.mail, /^MAIL FROM:<>/);
    deepEqual(taken!.rcpt, ["RCPT TO:<agg@author.example>"]);
    const octets = Buffer.from(taken!.message, "latin1");
    deepEqual(await byDkimpy([octets], recordsOf([key])), [["pass"]]);
    const { stdout, stderr } = await run("python3", ["-c", READER], octets);
    equal(stderr, "");
    const read = JSON.parse(stdout);
    deepEqual(read.rows, [
      ["127.0.0.1", "2", "none", "pass", "author.example", "pass"],
      ["127.0.0.1", "1", "reject", "fail", "author.example", "none"],
    ]);
    match(read.subject, /^Report Domain: author\.example Submitter: mx\.example\.net Report-ID: </);
    match(read.name, /^mx\.example\.net!author\.example!\d+!\d+!\d+\.xml\.gz$/);
    await validate(read.xml);
    const told = await feed(taken!.message, "dmarc", "report", "-");
    match(told.stdout, /^author\.example, seen by Example <reports@example\.net>$/m);
    match(
      told.stdout,
      /^ +2 +127\.0\.0\.1 +author\.example +pass \(spf\) +none +pass author\.example +-$/m,
    );
    match(
      told.stdout,
      /^3 messages from 1 address: DMARC passed for 2 .*; 1 refused, 0 put aside$/m,
    );
    await until("it is forgotten", () => countedIn(directory) === 0);
    equal(await server.stop(), 0);
  },
});
