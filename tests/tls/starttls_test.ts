/**
 * The client's end of TLS after STARTTLS, as sessions use it.
 */
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { ClientSession } from "../../src/client/session.ts";
import { TIMEOUTS } from "../../src/client/timeouts.ts";
import { secure } from "../../src/tls/client.ts";
import type { TlsRequirement } from "../../src/tls/requirement.ts";
import { issue } from "./authority.ts";

const HOST = "mx.example.net";

Deno.test("a session says EHLO to the server that is demanded, and to no other", async () => {
  const own = await issue({ name: HOST, domains: [HOST] });
  const said: string[] = [];
  const answer = (socket: Socket, where: string) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      const command = String(chunk).trim();
      said.push(`${where}: ${command}`);
      if (command !== "STARTTLS") {
        socket.write(where === "clear" ? "250-hi\r\n250 STARTTLS\r\n" : "250 hi\r\n");
        return;
      }
      socket.removeAllListeners("data").pause();
      socket.write("220 go\r\n");
      encrypted.emit("connection", socket);
    });
  };
  const encrypted = createTlsServer({ cert: own.certificate, key: own.key });
  encrypted.on("secureConnection", (socket) => answer(socket, "encrypted"));
  encrypted.on("tlsClientError", () => {});
  const server = createServer((socket) => {
    socket.write("220 hi\r\n");
    answer(socket, "clear");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const hop = { scheme: "smtp", host: HOST, port } as const;
  const open = async (requirement: TlsRequirement) => {
    const socket = connect(port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const options = { hop, name: "client.example", requirement, timeouts: TIMEOUTS, secure };
    const { signal } = new AbortController();
    return await ClientSession.open({ socket, address: "127.0.0.1" }, options, signal);
  };
  const record = { certUsage: 3, selector: 1, match: 0 };
  const demanded = (data: Uint8Array): TlsRequirement => ({
    ...{ level: "dane", names: [HOST], records: [{ ...record, data }] },
  });
  const clear = ["clear: EHLO client.example", "clear: STARTTLS"];

  const session = await open(demanded(own.spki));
  assert.equal(session.peer.tls?.verified, "dane");
  session.destroy();
  assert.deepEqual(said.splice(0), [...clear, "encrypted: EHLO client.example"]);

  const other = await issue({ name: HOST, domains: [HOST] });
  await assert.rejects(open(demanded(other.spki)), { kind: "tlsa-invalid" });
  const verified = { level: "verify", names: [HOST], by: "configuration" } as const;
  await assert.rejects(open(verified), { kind: "certificate-not-trusted" });
  await new Promise((resolve) => server.close(resolve)); // all connections have ended
  assert.deepEqual(said, [...clear, ...clear]);
});
