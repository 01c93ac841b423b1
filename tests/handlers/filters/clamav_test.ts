/**
 * ClamAV itself, with a database of one signature: that of the file EICAR, which all scanners find.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chain, discard, type Handler, on } from "postmaster";
import { clamav, type ClamavOptions } from "postmaster/handlers";
import { need } from "../../need.ts";
import { Program } from "../milter/program.ts";
import { HELLO, sent } from "../milter/sessions.ts";
import { assertNotLost } from "./stopped.ts";

/** Split, so that this file is no virus. */
const EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR" + "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

/** A running clamd that takes messages up to 1 MiB. */
const startClamd = () =>
  Program.start((directory) => {
    const hex = [...EICAR].map((one) => one.charCodeAt(0).toString(16)).join("");
    directory.write("test.ndb", `Test.EICAR:0:*:${hex}\n`);
    const config = directory.write(
      "clamd.conf",
      [
        "Foreground yes",
        `DatabaseDirectory ${directory.path}`,
        `LocalSocket ${directory.of("socket")}`,
        `TemporaryDirectory ${directory.path}`,
        "StreamMaxLength 1M",
        "MaxThreads 4",
        "",
      ].join("\n"),
    );
    return ["/usr/sbin/clamd", "--config-file", config];
  });

const asks = (options: ClamavOptions): Handler =>
  chain(clamav(options), on("AddRcptTo", () => discard()));

const encoded = Buffer.from(EICAR).toString("base64");
const INFECTED = "Subject: a file\r\nMIME-Version: 1.0\r\n" +
  'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n' +
  "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n" +
  `Content-Disposition: attachment; filename=eicar.com\r\n\r\n${encoded}\r\n--b--\r\n`;

Deno.test({
  name: "ClamAV finds the virus of a message, and nothing in others",
  ...need("clamd"),
  fn: async () => {
    await using clamd = await startClamd();
    const { address } = clamd;
    const clean = await sent(asks({ address }));
    assert.deepEqual([clean.replies.at(-1), clean.message], ["250 2.0.0", HELLO]);
    const infected = await sent(asks({ address }), INFECTED);
    assert.equal(infected.replies.at(-1), "550 5.7.1");
    assert.match(infected.text, /virus: Test\.EICAR/);
    assert.equal(infected.message, undefined);
    const marked = await sent(asks({ address, onVirus: "header" }), INFECTED);
    assert.equal(marked.message, `X-Quarantine: virus Test.EICAR.UNOFFICIAL\r\n${INFECTED}`);
    const held = await sent(asks({ address, onVirus: "hold" }), INFECTED);
    assert.deepEqual([held.message, held.hold], [INFECTED, "virus Test.EICAR.UNOFFICIAL"]);
  },
});

Deno.test({
  name: "what is too large for ClamAV goes on with a note, or waits",
  ...need("clamd"),
  fn: async () => {
    await using clamd = await startClamd();
    const { address } = clamd;
    const message = `Subject: large\r\n\r\n${`${"x".repeat(70)}\r\n`.repeat(20_000)}`;
    const note = "X-Filter-Skipped: clamav: the message is too large\r\n";
    const byDaemon = await sent(asks({ address }), message);
    assert.equal(byDaemon.message?.slice(0, 80), (note + message).slice(0, 80));
    const bySize = await sent(asks({ address: "unix:/nowhere", maxSize: "1 MiB" }), message);
    assert.equal(bySize.message?.length, (note + message).length);
    const deferred = await sent(asks({ address, onTooLarge: "defer" }), message);
    assert.deepEqual([deferred.replies.at(-1), deferred.message], ["452 4.3.4", undefined]);
  },
});

Deno.test({
  name: "ClamAV that is stopped, or killed in the midst of a message, loses none",
  ...need("clamd"),
  fn: () => assertNotLost(startClamd, "clamav", clamav),
});
