import assert from "node:assert/strict";
import { createServer } from "node:net";
import { Network } from "../../src/base/ip.ts";
import { dialler } from "../../src/client/dial.ts";
import { parseHop } from "../../src/client/hop.ts";
import { Pool } from "../../src/client/pool.ts";
import { TIMEOUTS } from "../../src/client/timeouts.ts";
import type { Outcome } from "../../src/handler/outcome.ts";
import { Connector } from "../../src/relay/connect.ts";
import { routingOf, type RoutingSettings } from "../../src/relay/routing_of.ts";
import { Sender } from "../../src/relay/sender.ts";
import type { Security } from "../../src/security/security.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { NO_PARAMETERS } from "../../src/smtp/parameters.ts";
import { FakeDns, type FakeZone } from "../../src/testing/fake_dns.ts";
import { freePort } from "../ports.ts";
import { limitsOf } from "./relay_kit.ts";

/** A server that takes all mail, and counts its messages. */
class Taker implements AsyncDisposable {
  messages = 0;
  port = 0;
  readonly #server = createServer((socket) => {
    const say = (line: string) => socket.write(`${line}\r\n`);
    let isBody = false;
    socket.on("error", () => {});
    socket.on("data", (data) => {
      for (const line of String(data).split("\r\n").slice(0, -1)) {
        if (isBody && line !== ".") continue;
        if (isBody) this.messages++;
        isBody = line === "DATA";
        say(line === "QUIT" ? "221 bye" : isBody ? "354 go on" : "250 fine");
        if (line === "QUIT") socket.end();
      }
    });
    say("220 taker");
  });

  static async start(): Promise<Taker> {
    const taker = new Taker();
    await new Promise<void>((resolve) => taker.#server.listen(0, "127.0.0.1", resolve));
    taker.port = (taker.#server.address() as { port: number }).port;
    return taker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const policy = { type: "no-policy-found", strings: [], domain: "", mxHosts: [] } as const;
const CLEAR: Security = {
  of: () =>
    Promise.resolve({
      policy,
      of: () => Promise.resolve({ requirement: { level: "none" }, policy }),
    }),
};

/** Sends a message to joe@example.net. */
async function send(
  zone: FakeZone,
  settings: Partial<RoutingSettings>,
  via?: readonly string[],
): Promise<Outcome> {
  const dns = new FakeDns(zone);
  const dial = dialler({
    dns,
    allow: [Network.parse("127.0.0.0/8")],
    isOwn: () => false,
    timeout: 2000,
  });
  const pool = new Pool();
  const connector = new Connector({
    ...{ dial, pool, name: "mx.example.org", timeouts: TIMEOUTS },
    secure: () => Promise.reject(new Error("no TLS here")),
  });
  const routing = routingOf({ literals: true, ...settings }, { dns, names: [], random: () => 0 });
  const sender = new Sender({ routing, security: CLEAR, connector, limits: limitsOf() });
  const content = encode("Subject: hello\r\n\r\nHello!\r\n");
  const mail = {
    ...{ sender: null, parameters: NO_PARAMETERS },
    recipients: [
      { mailbox: Mailbox.parse("joe@example.net"), parameters: NO_PARAMETERS, original: undefined },
    ],
    message: {
      size: content.length,
      read: () =>
        (async function* () {
          yield await Promise.resolve(content);
        })(),
    },
  };
  const [outcome] = await sender.send(mail, { via }, new AbortController().signal);
  await pool.close();
  return outcome!;
}

const said = (outcome: Outcome): string =>
  `${outcome.result} ${"status" in outcome ? outcome.status : ""} ${outcome.reason}`;

const mx = (...hosts: readonly string[]) => ({
  MX: hosts.map((exchange, priority) => ({ exchange, priority })),
});

Deno.test("the next exchanger takes the mail if the first one is dead or missing", async () => {
  await using taker = await Taker.start();
  const zone = {
    "example.net": mx("gone.example.net", "private.example.net", "mx.example.net"),
    "private.example.net": { A: ["10.0.0.1"] },
    "mx.example.net": { A: ["127.0.0.1"] },
  };
  const outcome = await send(zone, { mx: { port: taker.port } });
  assert.match(said(outcome), /^delivered {2}mx\.example\.net took it/);
  assert.equal(taker.messages, 1);
});

Deno.test("mail fails only if no exchanger exists, and waits as long as one may be reached", async () => {
  const port = freePort();
  const gone = await send({ "example.net": mx("a.example.net", "b.example.net") }, {
    mx: { port },
  });
  assert.equal(said(gone), "failed 5.4.4 a.example.net does not exist");
  const dead = { "dead.example.net": { A: ["127.0.0.1"] } };
  for (
    const order of [["dead.example.net", "a.example.net"], ["a.example.net", "dead.example.net"]]
  ) {
    const outcome = await send({ "example.net": mx(...order), ...dead }, { mx: { port } });
    assert.match(said(outcome), /^deferred 4\.4\.\d .*127\.0\.0\.1 refuses connections/);
  }
  const many = mx(...Array.from({ length: 9 }, (_, i) => `h${i}.example.net`));
  assert.match(said(await send({ "example.net": many }, { mx: { port } })), /^deferred 4\.4\.4 /);
});

Deno.test("servers stand in for each other, and a handler may choose others", async () => {
  await using taker = await Taker.start();
  const dead = freePort();
  const server = (port: number) => ({
    hop: { ...parseHop(`smtp://127.0.0.1:${port}`), isNamed: true },
    priority: 0,
  });
  assert.equal((await send({}, { via: [server(dead), server(taker.port)] })).result, "delivered");
  assert.equal((await send({}, { via: [server(dead)] })).result, "deferred");
  const missing = { hop: { ...parseHop("smtp://gone.invalid"), isNamed: true }, priority: 0 };
  assert.match(said(await send({}, { via: [missing] })), /^deferred 4\.4\.4 gone\.invalid/);
  const chosen = await send({}, { via: [server(dead)] }, [`smtp://127.0.0.1:${taker.port}`]);
  assert.equal(chosen.result, "delivered");
  assert.equal(taker.messages, 2);
});
