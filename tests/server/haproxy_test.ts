/**
 * HAProxy before the server, as the documentation configures both.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { userLine } from "../../src/auth/edit.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { parseListen } from "../../src/net/address.ts";
import { Client } from "../../src/testing/client.ts";
import { runClient } from "../clients.ts";
import { filesOf } from "../docs/page.ts";
import { need } from "../need.ts";
import { freePort } from "../ports.ts";
import { Running, type Settings } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";
import { startHAProxy } from "./haproxy.ts";

const {
  "/etc/postmaster/postmaster.yaml": SETTINGS,
  "/etc/haproxy/haproxy.cfg": CONFIGURATION,
} = filesOf(
  Deno.readTextFileSync(fileURLToPath(new URL("../../docs/around.md", import.meta.url))),
  "Behind HAProxy",
);
const PORTS = ["25", "587", "465"] as const;

/** How HAProxy speaks PROXY: as on the page, or otherwise. */
const WAYS = [
  (text: string) => text,
  (text: string) =>
    text.replaceAll("send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id"),
  (text: string) => text.replaceAll("send-proxy-v2 check", "send-proxy check check-send-proxy"),
];

/** Refuses some clients by their addresses. */
const HANDLERS = [
  {
    when: {
      if: { any: [{ network: "203.0.113.0/24" }, { network: "2001:db8:1::/48" }] },
      then: { bye: { on: "Greeting", text: "not here" } },
    },
  },
];

/** The server of the page, on ports of its own. */
async function startServer(): Promise<Running> {
  using hashes = new Hashes();
  const line = await userLine("joe", "correct horse", hashes);
  const settings = SETTINGS!.replaceAll(/10\.0\.0\.25:\d+/g, "127.0.0.1:0")
    .replaceAll("10.0.0.1", "127.0.0.1");
  return Running.start((directory) => ({
    ...parse(settings) as Settings,
    tls: { ...selfSigned(directory, ["mx.example.net"]) },
    handlers: HANDLERS,
    limits: { "connections-per-address": 1 },
    auth: { passwords: { file: directory.write("passwords", `${line}\n`) } },
  }));
}

/** The HAProxy of the page, behind another proxy: so clients can come from everywhere. */
async function behindHAProxy(server: Running, edit: (text: string) => string) {
  const ports = new Map(PORTS.map((port) => [port as string, freePort()]));
  let text = edit(CONFIGURATION!).replace(
    /bind :::(\d+) v4v6/g,
    (_, port) => `bind 127.0.0.1:${ports.get(port)} accept-proxy`,
  );
  for (const [i, port] of PORTS.entries()) {
    text = text.replace(`10.0.0.25:2${port.padStart(3, "5")}`, server.addresses[i]!);
  }
  return { haproxy: await startHAProxy(text), ports };
}

/** Sends a message by swaks, which says to HAProxy from where. */
async function send(by: string, address: string, server: string, tls: readonly string[]) {
  const family = address.includes(":") ? "TCP6" : "TCP4";
  await runClient("swaks", [
    ...["--server", "127.0.0.1", "--port", by, ...tls],
    ...["--proxy-family", family, "--proxy-source", address, "--proxy-source-port", "4711"],
    ...["--proxy-dest", server, "--proxy-dest-port", "25"],
    ...tls.length === 0 ? [] : ["--auth-user", "joe", "--auth-password", "correct horse"],
    ...["--from", "joe@example.net", "--to", "you@example.net"],
  ]);
}

Deno.test({
  name: "behind HAProxy, with each version of PROXY, the client is the client everywhere",
  ...need("haproxy", "openssl", "swaks"),
  fn: async () => {
    await using server = await startServer();
    for (const [way, edit] of WAYS.entries()) {
      const { haproxy, ports } = await behindHAProxy(server, edit);
      await using _ = haproxy;
      for (
        const [port, address, tls] of [
          ["25", `192.0.2.${way + 1}`, []],
          ["587", `2001:db8::${way + 1}`, ["--tls"]],
          ["465", `192.0.2.1${way + 1}`, ["--tls-on-connect"]],
        ] as const
      ) {
        const there = address.includes(":") ? "2001:db8::25" : "192.0.2.25";
        await send(`${ports.get(port)}`, address, there, tls);
        const line = await server.logs(new RegExp(` connected peer="?${address}"? port=4711 `));
        assert.match(line, / via=127\.0\.0\.1 /);
        assert.match(server.directory.read("mail"), new RegExp(`\\[(IPv6:)?${address}\\]`));
      }
      using clients = new DisposableStack();
      const greetings: string[] = [];
      for (
        const client of [
          `TCP4 198.51.100.${way + 1} 192.0.2.25`,
          `TCP4 198.51.100.${way + 1} 192.0.2.25`,
          "TCP4 203.0.113.7 192.0.2.25",
          "TCP6 2001:db8:1::7 2001:db8::25",
        ]
      ) {
        const connection = await Client.connect(parseListen(`127.0.0.1:${ports.get("25")}`));
        clients.use(connection);
        connection.send(`PROXY ${client} 4711 25\r\n`);
        const { code, lines: [line] } = await connection.reply();
        greetings.push(`${code} ${line}`);
      }
      assert.deepEqual(greetings, [
        "220 mx.example.net ESMTP Postmaster",
        "421 too many connections from your address",
        "421 not here",
        "421 not here",
      ]);
    }
    assert.deepEqual(server.log.filter((line) => / proxy refused /.test(line)), []);
  },
});
