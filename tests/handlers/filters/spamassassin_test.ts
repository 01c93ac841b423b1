/**
 * SpamAssassin itself, with its local rules.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, type Handler, on } from "postmaster";
import { filterVerdicts, spamassassin, type SpamassassinOptions } from "postmaster/handlers";
import { need } from "../../need.ts";
import { Program } from "../milter/program.ts";
import { sent } from "../milter/sessions.ts";
import { assertNotLost } from "./stopped.ts";

const startSpamd = () =>
  Program.start((directory) => {
    Deno.chmodSync(directory.path, 0o755); // started by root, it becomes nobody
    Deno.mkdirSync(directory.of("site"));
    directory.write("site/init.pre", "loadplugin Mail::SpamAssassin::Plugin::Check\n");
    directory.write(
      "site/local.cf",
      [
        "use_bayes 0",
        "required_score 9",
        "use_auto_whitelist 0",
        "skip_rbl_checks 1",
        "header FROM_SPAMMER X-Envelope-From =~ /spammer@example\\.org/",
        "score FROM_SPAMMER 20",
        "header FROM_TESTNET Received =~ /\\[192\\.0\\.2\\.77\\]/",
        "score FROM_TESTNET 2",
        "",
      ].join("\n"),
    );
    return [
      "/usr/sbin/spamd",
      "--local",
      "--nouser-config",
      "--max-children=2",
      `--siteconfigpath=${directory.of("site")}`,
      `--helper-home-dir=${directory.path}`,
      `--socketpath=${directory.of("socket")}`,
      "--syslog=null",
    ];
  }, "SIGTERM");

let verdicts: unknown;
const asks = (options: SpamassassinOptions): Handler =>
  chain(
    spamassassin(options),
    on("Deliver", (_event, next, session) => {
      verdicts = session.get(filterVerdicts);
      return next();
    }),
    on("AddRcptTo", () => discard()),
  );

const GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE" + "-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";
const HAM = "From: ann@example.org\r\nTo: joe@example.net\r\nSubject: hello\r\n" +
  "Date: Sun, 29 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nhello\r\n";
const FORGED = "X-Spam-Flag: NO\r\nX-spam-status: No, score=-99\r\n";
const commands = (from: string) => [
  "EHLO client.example.org",
  `MAIL FROM:<${from}>`,
  "RCPT TO:<joe@example.net>",
  "DATA",
];

Deno.test({
  name: "SpamAssassin knows spam, and the client and the sender",
  ...need("spamd"),
  fn: async () => {
    await using spamd = await startSpamd();
    const { address } = spamd;
    const client = { peer: { address: "192.0.2.77", port: 4000 } };

    const ham = await sent(asks({ address }), FORGED + HAM, undefined, client);
    const [, score, rest] = /^X-Spam-Flag: NO\r\nX-Spam-Score: (\S+)\r\n([^]*)$/
      .exec(ham.message ?? "") ?? [];
    assert.match(rest ?? "", /^X-Spam-Status: No, score=\S+ required=9\r\n\ttests=.*FROM_TESTNET/);
    assert.ok(rest?.replace(/^X-Spam-Status:.*\r\n(\t.*\r\n)+/, "") === HAM, rest);
    assert.ok(Number(score) >= 2 && Number(score) < 9, score);

    const spam = await sent(asks({ address }), HAM, commands("spammer@example.org"), client);
    assert.match(spam.message ?? "", /^X-Spam-Flag: YES\r\n[^]*FROM_SPAMMER/);
    assert.partialDeepStrictEqual(verdicts, [{
      filter: "spamassassin",
      result: "spam",
      threshold: 9,
    }]);

    const gtube = HAM.replace("hello\r\n", `${GTUBE}\r\n`).replace("\r\nhello", `\r\n${GTUBE}`);
    const refused = await sent(asks({ address, refuseAt: 100 }), gtube);
    assert.deepEqual([refused.replies.at(-1), refused.message], ["550 5.7.1", undefined]);
    const held = await sent(asks({ address, onSpam: "hold", refuseAt: 2000 }), gtube);
    assert.match(held.hold ?? "", /^spam of \d+/);
  },
});

Deno.test({
  name: "SpamAssassin that is stopped, or killed in the midst of a message, loses none",
  ...need("spamd"),
  fn: () =>
    assertNotLost(
      startSpamd,
      "spamassassin",
      (options) => spamassassin({ ...options, maxSize: "10 MiB" }),
    ),
});
