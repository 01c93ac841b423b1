/**
 * One question to one DNS server (RFC 1035): over UDP, and over TCP if the answer does not fit.
 * @module
 */
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { DnsError } from "./error.ts";
import { isSameName } from "./name.ts";
import { decodePacket, type DnsQuestion, encodeQuestion, type Packet } from "./packet.ts";
import type { DnsServer } from "./server_address.ts";

/**
 * Asks a server, and returns whatever it answers.
 *
 * @param timeout milliseconds
 * @throws {DnsError} ETIMEOUT, ECONNREFUSED, or EBADRESP for an answer that makes no sense
 */
export async function exchange(
  question: DnsQuestion,
  server: DnsServer,
  timeout: number,
): Promise<Packet> {
  const id = crypto.getRandomValues(new Uint16Array(1))[0]!;
  const query: Query = {
    ...{ question, server },
    bytes: encodeQuestion(id, question),
    answerIn: (bytes) => {
      const packet = decodePacket(bytes);
      return packet !== undefined && isAnswer(packet, id, question) ? packet : undefined;
    },
  };
  const deadline = performance.now() + timeout;
  const answer = await overUdp(query, timeout);
  return answer.flag_tc ? await overTcp(query, deadline - performance.now()) : answer;
}

/** A question on its way to a server. */
interface Query {
  readonly question: DnsQuestion;
  readonly server: DnsServer;
  readonly bytes: Uint8Array;
  /** The answer in a packet that came; `undefined` if it is none to this question. */
  readonly answerIn: (bytes: Uint8Array) => Packet | undefined;
}

function isAnswer(packet: Packet, id: number, { name, type }: DnsQuestion): boolean {
  const [asked] = packet.questions;
  return packet.type === "response" && packet.id === id &&
    (asked === undefined || (asked.type === type && isSameName(asked.name, name)));
}

/** Each question has a socket, and so a port, of its own: a forger of answers must guess it. */
function overUdp({ question, server, bytes, answerIn }: Query, timeout: number): Promise<Packet> {
  const { address, port } = server;
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  const { answer, take, fail } = awaited(question, timeout, () => socket.close());
  socket.on("error", () => fail("ECONNREFUSED"));
  socket.on("message", (message: Uint8Array, from: { address: string; port: number }) => {
    // An IPv6 address has many spellings: its id and port must suffice.
    if (from.port !== port || (from.address !== address && !isIPv6(address))) return;
    const packet = answerIn(message);
    if (packet !== undefined) take(packet);
  });
  socket.send(bytes, port, address, (error: Error | null) => {
    if (error !== null) fail("ECONNREFUSED");
  });
  return answer;
}

function overTcp({ question, server, bytes, answerIn }: Query, timeout: number): Promise<Packet> {
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
    const packet = answerIn(received.subarray(2, 2 + received.readUInt16BE(0)));
    if (packet === undefined) fail("EBADRESP");
    else take(packet);
  });
  return answer;
}

/** An answer that comes in time, or fails. Then `close` is called. */
function awaited(
  { name, type }: DnsQuestion,
  timeout: number,
  close: () => void,
): { answer: Promise<Packet>; take(packet: Packet): void; fail(code: DnsError["code"]): void } {
  const { promise: answer, resolve: take, reject } = Promise.withResolvers<Packet>();
  const fail = (code: DnsError["code"]) => reject(new DnsError(code, name, type));
  const timer = setTimeout(() => fail("ETIMEOUT"), timeout);
  answer.catch(() => {}).then(() => {
    clearTimeout(timer);
    close();
  });
  return { answer, take, fail };
}
