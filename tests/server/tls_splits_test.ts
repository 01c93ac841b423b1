/**
 * Sessions over TLS whose octets come in every possible way: the replies and the mail are always the same.
 *
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { need } from "../need.ts";
import { Running, until } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";

const NAME = "mx.example.net";

/** What a client sends over TLS: two messages, one with what others take for its end, and one mistake. */
const SESSION = [
  "EHLO c.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<you@example.net>\r\nDATA\r\n",
  "A: b\r\n\r\n..x\r\n.\r\nSTARTTLS\r\nMAIL FROM:<>\r\nRCPT TO:<you@example.net>\r\nDATA\r\n",
  "A: c\r\n\r\ny\n.\nMAIL FROM:<evil@example.org>\r\n.\r\nQUIT\r\n",
].join("");

/** Says STARTTLS at a port, and the session in these pieces, each a record of its own. Gives the replies. */
async function say(port: number, pieces: readonly string[]): Promise<string> {
  const clear = connect({ port, host: "127.0.0.1", noDelay: true });
  let heard = "";
  const listen = (chunk: Uint8Array) => void (heard += new TextDecoder().decode(chunk));
  clear.on("data", listen);
  clear.write("EHLO c.example\r\nSTARTTLS\r\n");
  await until("the server is ready", () => heard.endsWith("ready to start TLS\r\n"));
  clear.off("data", listen);
  const socket = connectTls({ socket: clear, servername: NAME, rejectUnauthorized: false });
  socket.on("data", listen);
  await once(socket, "secureConnect");
  for (const piece of pieces) await new Promise((written) => socket.write(piece, written));
  await once(socket, "close");
  return heard.replace(/delivered as \w+/g, "delivered");
}

/** A port that passes on what clients send octet by octet. */
async function dripping(port: number): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer({ noDelay: true }, (client: Socket) => {
    const onward = connect({ port, host: "127.0.0.1", noDelay: true });
    for (const socket of [client, onward]) socket.on("error", () => {});
    client.on("data", async (chunk: Uint8Array) => {
      client.pause();
      for (const octet of chunk) {
        await new Promise((written) => onward.write(Uint8Array.of(octet), written));
      }
      client.resume();
    });
    onward.pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    [Symbol.asyncDispose]: async () => void await once(server.close(), "close"),
  };
}

Deno.test(
  "over TLS as in the clear, no way of cutting changes a reply or a message",
  need("openssl"),
  async () => {
    await using server = await Running.start((directory) => ({
      tls: {
        ...selfSigned(directory, [NAME]),
        certificates: [selfSigned(directory, ["b.example.org"])],
      },
      limits: { "messages-per-connection": 10 },
    }));
    const { port } = server;
    const expected = await say(port, [SESSION]);
    const codes = expected.match(/^\d\d\d(?= )/gm)?.map(Number);
    assert.deepEqual(codes, [
      ...[220, 250, 220],
      ...[250, 250, 250, 354, 250, 502],
      ...[250, 250, 354, 554, 221],
    ]);
    const cuts = Array.from({ length: SESSION.length - 1 }, (_, i) => i + 1);
    for (let i = 0; i < cuts.length; i += 20) {
      await Promise.all(
        cuts.slice(i, i + 20).map(async (at) => {
          const pieces = [SESSION.slice(0, at), SESSION.slice(at)];
          assert.equal(await say(port, pieces), expected, `cut at ${at}`);
        }),
      );
    }
    assert.equal(await say(port, [...SESSION]), expected, "an octet a record");
    await using slow = await dripping(port);
    assert.equal(await say(slow.port, [SESSION]), expected, "an octet a segment");
    const arrived = server.directory.read("mail");
    assert.equal(arrived.match(/^A: b\r?$/gm)?.length, cuts.length + 3);
    assert.equal(arrived.match(/^\.x\r?$/gm)?.length, cuts.length + 3);
    assert.doesNotMatch(arrived, /evil|^A: c/m);
  },
);
