import { deepEqual, equal } from "node:assert/strict";
import { foreignLine } from "../../src/smtp/other_protocol.ts";

const look = (line: string) => foreignLine(Uint8Array.from(line, (char) => char.charCodeAt(0)));

const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  HTTP: [
    "GET / HTTP/1.1",
    "get /",
    "HEAD / HTTP/1.0\nHost: x\n",
    "POST /mail HTTP/1.1",
    "PUT ",
    "DELETE /x",
    "CONNECT mx.example.net:25 HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "TRACE / HTTP/1.1",
    "PATCH / HTTP/1.1",
    "PRI * HTTP/2.0",
    "PROPFIND / HTTP/1.1",
    "DATA / HTTP/1.1",
    "HTTP/1.1 200 OK",
    `POST /${"a".repeat(5000)}`,
  ],
  RTSP: ["OPTIONS rtsp://example.net/ RTSP/1.0", "RTSP/1.0 200 OK"],
  SIP: ["INVITE sip:joe@example.net SIP/2.0", "OPTIONS sip:x SIP/2.0", "SIP/2.0 200 OK"],
  SSH: ["SSH-2.0-OpenSSH_10.0", "SSH-1.99-x"],
  TLS: ["\x16\x03\x01\x02\0\x01", "\x16\x03"],
  SOCKS: ["\x04\x01\0\x19", "\x05\x01\0", "\x05\x02\0\x02"],
  PROXY: ["PROXY TCP4 192.0.2.7 192.0.2.25 4711 25", "PROXY UNKNOWN", "\0", "\0\r\nQUIT\n!"],
  header: ["Host: example.org", "Content-Length:5", "subject: x", "X-A:"],
};

for (const [protocol, lines] of Object.entries(FOREIGN)) {
  Deno.test(`foreignLine() knows ${protocol}`, () => {
    for (const line of lines) equal(look(line)?.protocol, protocol, line);
  });
}

Deno.test("foreignLine() takes mistaken commands for what they are", () => {
  const mistakes = [
    "",
    "XFOO",
    "PROXY",
    "PROXY ME",
    "\0x",
    "GE",
    "GET",
    "GETS x",
    "HTTP",
    "MAIL FROM:a@b",
    "RCPT TO: x",
    "DATA now",
    "NOOP x HTTP/1",
    "HELP me SIP/2",
  ];
  mistakes.push(
    "NOOP\0",
    "\x16",
    "\x05",
    "\x03",
    " Host: x",
    "MAIL FROM:<a@b> X=HTTP/1.1",
    "AUTH PLAIN x",
  );
  for (const line of mistakes) equal(look(line), undefined, line);
});

Deno.test("foreignLine() shows the beginning of the line, and of no other", () => {
  deepEqual(look("GET / HTTP/1.1\r\nHost: x\r\n"), { protocol: "HTTP", line: "GET / HTTP/1.1" });
  equal(look(`GET /${"\xe4".repeat(500)}`)?.line, `GET /${"\xe4".repeat(95)}`);
});
