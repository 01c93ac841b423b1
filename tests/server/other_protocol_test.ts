import assert from "node:assert/strict";
import { request } from "node:http";
import type { EventEmitter } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Event, on, say } from "postmaster";
import { Client } from "postmaster/testing";
import { Running } from "../running.ts";
import { onlyJoe } from "./policy.ts";

const MAIL = "MAIL FROM:<a@example.org>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\nevil\r\n.\r\n";
const SMTP = `EHLO c.example\r\n${MAIL}QUIT\r\n`;
const GOODBYE = "421 4.5.0 this is an SMTP server, and that was no SMTP";

/** All that the server says until it closes. */
async function everything(client: Client): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await client.line(); line !== undefined; line = await client.line()) {
    lines.push(line);
  }
  return lines;
}

const FIRST = [
  "POST / HTTP/1.1\r\n",
  `POST /${"a".repeat(10_000)} HTTP/1.1\r\n`,
  "GET / HTTP/1.0\n\n",
  "Host: mx.example.net\r\n",
  `Cookie: ${"a".repeat(1000)}\r\n`,
  "SSH-2.0-OpenSSH_10.0\r\n",
  "\x16\x03\x01\x00\xee\r\n",
  "\x05\x01\x00",
];

for (const first of FIRST) {
  Deno.test(`nothing is obeyed behind ${JSON.stringify(first.slice(0, 30))}, whenever it comes`, async () => {
    const before = ["", "EHLO c.example\r\n", `EHLO c.example\r\n${MAIL.split("DATA")[0]}`];
    for (const said of before) {
      for (const size of [1_000_000, 1, 600]) {
        using client = Client.of(onlyJoe);
        const all = said + first + SMTP;
        for (let at = 0; at < all.length; at += size) client.send(all.slice(at, at + size));
        const lines = await everything(client);
        assert.equal(lines.at(-1), GOODBYE);
        assert.equal(lines.filter((line) => !line.startsWith("2")).length, 1, lines.join("\n"));
        assert.equal(client.kept.length, 0);
      }
    }
  });
}

Deno.test("handlers see which protocol it was, and may say something else, but not go on", async () => {
  const seen: Event[] = [];
  const answers = [
    say(5, 5, 4, "no web server"),
    say(2, 5, 0, "welcome"),
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error("late")))),
  ];
  const said: string[] = [];
  for (const answer of answers) {
    const handler = on("OtherProtocol", (event) => {
      seen.push(event);
      return answer;
    });
    using client = Client.of(handler);
    client.send(`GET / HTTP/1.1\r\n${SMTP}`);
    const lines = await everything(client);
    said.push(...lines.slice(1));
  }
  assert.deepEqual(said, [
    "554 5.0.0 no web server",
    "451 4.3.0 local error in processing",
    "451 4.3.0 local error in processing",
  ]);
  const event = { type: "OtherProtocol", protocol: "HTTP", line: "GET / HTTP/1.1" };
  assert.deepEqual(seen, [event, event, event]);
});

/**
 * Lets `client` connect to the server and hears nothing of what it says, so that our greeting does not keep the client
 * from sending all it has. Returns what the server said.
 */
async function deafly(port: number, client: (port: number) => Promise<unknown>): Promise<string> {
  const proxy = createServer({ allowHalfOpen: true });
  const said = new Promise<string>((resolve) =>
    proxy.once("connection", (socket) => {
      let heard = "";
      const server = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      server.on("error", () => {});
      server.on("data", (octets) => heard += octets.toString("latin1"));
      server.on("close", () => {
        resolve(heard);
        socket.destroy();
      });
      socket.pipe(server);
    })
  );
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  await assert.rejects(client((proxy.address() as AddressInfo).port));
  proxy.close();
  return await said;
}

const body = SMTP.replace("joe@", "you@");
const settled = (client: EventEmitter, success: string) =>
  new Promise((resolve, reject) => {
    client.once(success, resolve);
    client.once("error", reject);
    client.once("close", () => reject(new Error("closed")));
  });

const CLIENTS: Readonly<Record<string, (port: number) => Promise<unknown>>> = {
  "fetch()": (port) => fetch(`http://127.0.0.1:${port}/`, { method: "POST", body }),
  "fetch() with a method that is a command": (port) =>
    fetch(`http://127.0.0.1:${port}/`, { method: "NOOP", body }),
  "fetch() with a long path": (port) =>
    fetch(`http://127.0.0.1:${port}/${"a".repeat(3000)}`, { method: "POST", body }),
  "node:http": (port) => {
    const headers = { "Content-Length": body.length, "Content-Type": "text/plain" };
    const post = request({ host: "127.0.0.1", port, method: "POST", headers });
    post.end(body);
    return settled(post, "response");
  },
  "node:tls": (port) => settled(connectTls({ host: "127.0.0.1", port }), "secureConnect"),
};

for (const [name, client] of Object.entries(CLIENTS)) {
  Deno.test(`no mail comes out of what ${name} sends, and the log says who it was`, async () => {
    await using server = await Running.start();
    const said = await deafly(server.port, client);
    const before = name.includes("command") ? "250 2.0.0 ok\r\n" : "";
    assert.equal(said, `220 mx.example.net ESMTP Postmaster\r\n${before}${GOODBYE}\r\n`);
    await server.logs(/ disconnected /);
    const line = await server.logs(/ warning \w+ other protocol peer=127\.0\.0\.1 protocol=/);
    assert.match(
      line,
      name === "node:tls"
        ? /=TLS line="\\u0016\\u0003\\u0001/
        : name.includes("command")
        ? /=header line="/
        : /=HTTP line="POST \/a* ?/,
    );
    assert.equal(server.directory.read("mail"), "");
  });
}
