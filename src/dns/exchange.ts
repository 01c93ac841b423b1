/**
 * One question to one DNS server (RFC 1035): over UDP, and over TCP if the answer does not fit.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { DnsError } from "./error.ts";
import { isSameName } from "./name.ts";
import { decodePacket, encodeQuestion, type Packet, type Question } from "./packet.ts";
import type { DnsServer } from "./server_address.ts";

/**
 * Asks a server and gives its answer, whatever that is.
 *
 * @param timeout milliseconds
 * @throws {DnsError} ETIMEOUT, ECONNREFUSED, or EBADRESP for an answer that is none
 */
export async function exchange(
  question: Question,
  server: DnsServer,
  timeout: number,
): Promise<Packet> {
  const id = crypto.getRandomValues(new Uint16Array(1))[0]!;
  const query: Query = {
    ...{ question, server },
    bytes: encodeQuestion(id, question),
    isOurs: (answer) => answers(answer, id, question),
  };
  const deadline = performance.now() + timeout;
  const answer = await overUdp(query, timeout);
  return answer.flag_tc ? await overTcp(query, deadline - performance.now()) : answer;
}

/** A question on its way to a server. */
interface Query {
  readonly question: Question;
  readonly server: DnsServer;
  readonly bytes: Uint8Array;
  readonly isOurs: (answer: Packet) => boolean;
}

/** Whether this is the answer to our question, and not somebody's guess. */
function answers(answer: Packet, id: number, { name, type }: Question): boolean {
  const [asked] = answer.questions;
  return answer.type === "response" && answer.id === id &&
    (asked === undefined ||
      (asked.type === type && isSameName(asked.name, name)));
}

/** Each question has a socket, and so a port, of its own: who wants to forge an answer must guess it. */
function overUdp({ question, server, bytes, isOurs }: Query, timeout: number): Promise<Packet> {
  const { address, port } = server;
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  const { answer, take, fail } = awaited(question, timeout, () => socket.close());
  socket.on("error", () => fail("ECONNREFUSED"));
  socket.on("message", (message: Uint8Array, from: { address: string; port: number }) => {
    if (from.port !== port || !sameAddress(from.address, address)) return;
    const packet = decodePacket(message);
    if (packet !== undefined && isOurs(packet)) take(packet);
  });
  socket.send(bytes, port, address, (error: Error | null) => {
    if (error !== null) fail("ECONNREFUSED");
  });
  return answer;
}

const sameAddress = (a: string, b: string): boolean =>
  a.toLowerCase() === b.toLowerCase() || isIPv6(a); // IPv6 has many spellings; id and port must do

function overTcp({ question, server, bytes, isOurs }: Query, timeout: number): Promise<Packet> {
  const socket = connect(server.port, server.address);
  const { answer, take, fail } = awaited(question, timeout, () => socket.destroy());
  let received = Buffer.alloc(0);
  socket.on("error", () => fail("ECONNREFUSED"));
  socket.on("close", () => fail("EBADRESP"));
  socket.on("connect", () => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    socket.write(Buffer.concat([length, bytes]));
  });
  socket.on("data", (chunk: Uint8Array) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
    const packet = decodePacket(received.subarray(2, 2 + received.readUInt16BE(0)));
    if (packet === undefined || !isOurs(packet)) fail("EBADRESP");
    else take(packet);
  });
  return answer;
}

/** An answer that comes in time or fails. Either way `close` is called then, once. */
function awaited(
  { name, type }: Question,
  timeout: number,
  close: () => void,
): { answer: Promise<Packet>; take(packet: Packet): void; fail(code: DnsError["code"]): void } {
  const { promise: answer, resolve: take, reject } = Promise.withResolvers<Packet>();
  const fail = (code: DnsError["code"]) => reject(new DnsError(code, name, type));
  const timer = setTimeout(() => fail("ETIMEOUT"), timeout);
  const over = () => {
    clearTimeout(timer);
    close();
  };
  answer.then(over, over);
  return { answer, take, fail };
}
