/**
 * What arrives at Postfix's `smtp-sink`, which takes a bare LF for a line end.
 *
 * @module
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import type { Mail } from "../../src/client/mail.ts";
import { ClientSession } from "../../src/client/session.ts";
import { TIMEOUTS } from "../../src/client/timeouts.ts";
import { need } from "../need.ts";
import { freePort } from "../ports.ts";
import { Directory, until } from "../running.ts";
import { LOOK_ALIKES } from "../smtp/look_alikes.ts";
import { mailOf } from "./mail_of.ts";

/** A sink with these options, and the session to it. It writes each message into a file of its own. */
async function opened(...options: readonly string[]) {
  const directory = new Directory();
  const port = freePort();
  const user = Deno.uid() === 0 ? ["-u", "nobody"] : [];
  Deno.chmodSync(directory.path, 0o777);
  const sink = new Deno.Command("smtp-sink", {
    args: [...user, "-d", directory.of("mail."), ...options, `127.0.0.1:${port}`, "10"],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const socket = await until("the sink listens", async () => {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return socket;
    } catch {
      return undefined;
    }
  });
  const session = await ClientSession.open({ socket, address: "127.0.0.1" }, {
    hop: { scheme: "smtp", host: "sink.example.org", port },
    name: "client.example.net",
    requirement: { level: "none" },
    timeouts: TIMEOUTS,
    secure: () => Promise.reject(new Error("there is no TLS")),
  }, new AbortController().signal);
  return {
    send: async (mail: Mail) => (await session.send(mail, new AbortController().signal)),
    /** What has arrived. */
    arrived: () => directory.list().map((name) => directory.read(name)),
    async [Symbol.asyncDispose]() {
      await session.quit();
      sink.kill();
      await sink.status;
      directory[Symbol.dispose]();
    },
  };
}

Deno.test({
  name: "each look-alike of the end of a message arrives in one message",
  ...need("smtp-sink"),
  fn: async () => {
    await using sink = await opened();
    for (const fake of LOOK_ALIKES) {
      const smuggled = "MAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nhello";
      const octets = Buffer.from(`Subject: x\r\n\r\nhello${fake}${smuggled}\r\n.\r\n`, "latin1");
      const [sent] = await sink.send({
        ...mailOf(),
        message: {
          size: octets.length,
          async *read() {
            for (const octet of octets) yield Uint8Array.of(octet);
          },
        },
      });
      equal(sent!.outcome.result, "delivered");
    }
    const arrived = sink.arrived();
    equal(arrived.length, LOOK_ALIKES.length);
    for (const message of arrived) match(message, /hello[^]*MAIL FROM[^]*DATA\n+hello/);
  },
});

Deno.test({
  name:
    "a message beyond ASCII arrives in ASCII at a server without 8BITMIME, and a signed one fails",
  ...need("smtp-sink"),
  fn: async () => {
    await using sink = await opened("-8");
    const text = "Subject: x\r\n\r\nGrüße und noch viel mehr\r\n";
    const [plain] = await sink.send(mailOf({ text, to: ["jane@bücher.example"] }));
    equal(plain!.outcome.result, "delivered");
    equal("dsn" in plain!.outcome && plain!.outcome.dsn, "handed on");
    const [signed] = await sink.send(mailOf({ text: `DKIM-Signature: v=1\r\n${text}` }));
    const { outcome } = signed!;
    deepEqual([outcome.result, "status" in outcome && outcome.status], ["failed", "5.6.3"]);
    const [one, ...more] = sink.arrived();
    deepEqual(more, []);
    match(
      one!,
      /^X-Rcpt-Args: <jane@xn--bcher-kva\.example> ORCPT=rfc822;jane@xn--bcher-kva\.example$/m,
    );
    match(one!, /^Content-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe und/m);
  },
});
