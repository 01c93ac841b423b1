/**
 * OpenDMARC, clamav-milter and rspamd's proxy as milters.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, on } from "postmaster";
import { milter } from "postmaster/handlers";
import { need } from "../../need.ts";
import { makeKey, openDkim } from "./dkim.ts";
import { Program } from "./program.ts";
import { asks, HELLO, sent } from "./sessions.ts";

/** What every scanner of viruses takes for one, in hexadecimal digits, so that this file is none. */
const EICAR =
  "58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d5354414e444152442d414e544956495255532d544553542d46494c452124482b482a";
const INFECTED = `Subject: a file\r\n\r\n${
  EICAR.replace(/../g, (digits) => String.fromCharCode(parseInt(digits, 16)))
}\r\n`;

Deno.test({
  name: "OpenDMARC judges by what OpenDKIM has found, and refuses what it must",
  ...need("opendmarc", "opendkim"),
  async fn() {
    await using dkim = await openDkim(makeKey(), "v", ["AlwaysAddARHeader yes"]);
    await using dmarc = await Program.start((directory) => {
      const lines = [
        `Socket local:${directory.of("socket")}`,
        "AuthservID mx.example.net",
        "TrustedAuthservIDs filter.example.net",
        "RejectMultiValueFrom yes",
        "SoftwareHeader yes",
        "Syslog no",
        "Background no",
        "",
      ];
      return ["/usr/sbin/opendmarc", "-f", "-c", directory.write("conf", lines.join("\n"))];
    });
    const policy = chain(
      milter({ address: dkim.address }),
      milter({ address: dmarc.address, name: "OpenDMARC" }),
      on("AddRcptTo", () => discard()),
    );
    const { message } = await sent(policy, HELLO.replace("example.org", "example.invalid"));
    assert.match(
      message ?? "",
      /^DMARC-Filter: OpenDMARC [^]*^Authentication-Results: mx\.example\.net; dmarc=[^]*^Authentication-Results: filter\.example\.net;\s+dkim=none/m,
    );
    const { replies } = await sent(policy, "From: a@example.org, b@example.com\r\n\r\nx\r\n");
    assert.equal(replies.at(-1), "550 5.7.1");
  },
});

Deno.test({
  name: "clamav-milter refuses a virus",
  ...need("clamd", "clamav-milter"),
  async fn() {
    await using clamd = await Program.start((directory) => {
      directory.write("test.ndb", `Test.Virus:0:*:${EICAR}\n`);
      const lines = [
        `LocalSocket ${directory.of("socket")}`,
        `DatabaseDirectory ${directory.path}`,
        "Foreground yes",
        "",
      ];
      return ["/usr/sbin/clamd", "-c", directory.write("clamd.conf", lines.join("\n"))];
    });
    await using filter = await Program.start((directory) => {
      const lines = [
        `MilterSocket ${directory.of("socket")}`,
        `ClamdSocket ${clamd.address}`,
        "OnInfected Reject",
        "RejectMsg found %v",
        "AddHeader Replace",
        "Foreground yes",
        "",
      ];
      return ["/usr/sbin/clamav-milter", "-c", directory.write("conf", lines.join("\n"))];
    });
    const policy = asks({ address: filter.address });
    const clean = await sent(policy);
    assert.match(clean.message ?? "", /^X-Virus-Status: Clean/m);
    const { replies, text } = await sent(policy, INFECTED);
    assert.deepEqual([replies.at(-1), text], ["550 5.7.1", "found Test.Virus.UNOFFICIAL"]);
  },
});

Deno.test({
  name: "rspamd's proxy refuses spam",
  ...need("rspamd"),
  async fn() {
    await using proxy = await Program.start((directory) => {
      Deno.chmodSync(directory.path, 0o777); // it gives up root
      const tld = directory.write("tld", "org\nnet\n"); // all would take seconds
      const config = `
options { url_tld = "${tld}"; filters = ""; disable_hyperscan = true; dns { nameserver = ["127.0.0.1:9"]; } }
logging { type = "console"; level = "error"; }
actions { reject = 15; }
worker "rspamd_proxy" {
  bind_socket = "${directory.of("socket")} mode=0666";
  milter = yes;
  count = 1;
  timeout = 60s;
  upstream "local" { default = yes; self_scan = yes; }
}
`;
      return ["/usr/bin/rspamd", "-f", "-i", "-c", directory.write("rspamd.conf", config)];
    }, "SIGTERM"); // its workers end with it
    const policy = asks({ address: proxy.address });
    const clean = await sent(policy);
    assert.equal(clean.replies.at(-1), "250 2.0.0");
    const gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";
    const { replies } = await sent(policy, `${HELLO}${gtube}\r\n`);
    assert.match(replies.at(-1) ?? "", /^5/);
  },
});
