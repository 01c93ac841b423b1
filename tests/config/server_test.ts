import { FakeDns } from "postmaster/testing";
import assert from "node:assert/strict";
import { join } from "node:path";
import { build } from "../../src/config/mod.ts";
import { MemoryStore } from "../../src/handler/memory_store.ts";
import { DEFAULT_LIMITS } from "../../src/server/limits.ts";
import { Memory } from "../../src/message/memory.ts";
import { silent } from "../../src/log/event.ts";
import { parseListen } from "../../src/net/address.ts";
import { shareDescriptors } from "../../src/net/descriptors.ts";
import { Listener } from "../../src/net/listener.ts";
import { Server } from "../../src/server/server.ts";
import { Client } from "../../src/testing/client.ts";
import { parseConfig } from "./with_postmaster.ts";

Deno.test("a configured server hands mail for an alias to the mailers of its members", async () => {
  const dir = Deno.makeTempDirSync();
  const config = parseConfig(
    `
listen: 127.0.0.1:0
domains: [example.net]
users: [joe, jane]
recipient-delimiter: "+"
aliases: {sales: [Joe+new, jane]}
mailer: {command: [tee, "${dir}/{user}-{extension}"]}
handlers: [impatient: {bound: 1}, no-route-addr]
`,
    join(dir, "postmaster.yaml"),
  );
  const { policy, targets } = await build(config);
  const { hostname, listen, limits, tolerate: tolerated } = config;
  const others = {
    globals: new MemoryStore(),
    memory: new Memory(DEFAULT_LIMITS.messageMemory),
    dns: new FakeDns(),
    log: silent,
    descriptors: shareDescriptors(1, 0),
    spoolDirectory: dir,
  };
  const opened = await Listener.openAll(listen);
  const listeners = new Map(opened.map((listener) => [listener, { limits: {} }]));
  const server = Server.start({
    ...{ hostname, listeners, limits, tolerated, policy, targets },
    submission: { domain: undefined, hidesClient: false },
    ...others,
  });
  try {
    using client = await Client.connect(parseListen(server.addresses[0]!));
    await client.reply();
    const say = async (line: string) => (await client.command(line)).code;
    assert.equal(await say("EHLO client.example"), 250);
    assert.equal(await say("MAIL FROM:<ann@else.example>"), 250);
    assert.equal(await say("RCPT TO:<ann@else.example>"), 550);
    assert.equal(await say("RCPT TO:<SALES@example.net>"), 250);
    assert.equal(await say("DATA"), 354);
    assert.equal(await say("Subject: hello\r\n\r\nhello\r\n."), 250);
    for (const name of ["joe-new", "jane-"]) {
      const mail = Deno.readTextFileSync(join(dir, name));
      assert.match(
        mail,
        /^Return-Path: <ann@else\.example>\nDelivered-To: (joe\+new|jane)@example\.net\n/,
      );
      assert.match(mail, /\nSubject: hello\n\nhello\n$/);
    }
    assert.equal(
      await say("MAIL FROM:<@relay.example:ann@else.example>"),
      421,
      "refused once too often",
    );
  } finally {
    await server.stop("test over");
  }
});
