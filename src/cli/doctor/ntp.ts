/**
 * One question to a server of time (SNTP, RFC 4330).
 * @module
 */
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";

const OCTETS = 48;
/** Version 4, from a client. */
const ASK = 0x23;
const SERVER = 4;
/** Milliseconds from 1900, where NTP begins, to 1970. */
const EPOCH = 2_208_988_800_000;
const PATIENCE = 5000;

/**
 * How far the clock of this machine is behind that of a server, in milliseconds; less than 0 if it is ahead.
 *
 * @param server `pool.ntp.org`, `192.0.2.1:123` or `[2001:db8::1]:123`
 * @throws {Error} if there is no answer that makes sense
 */
export async function offsetBy(server: string, signal: AbortSignal): Promise<number> {
  const [, six, four, digits] = /^(?:\[(.+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(server) ?? [];
  const { address } = await lookup(six ?? four ?? server);
  const question = new DataView(new ArrayBuffer(OCTETS));
  question.setUint8(0, ASK);
  const cookie = crypto.getRandomValues(new BigUint64Array(1))[0]!;
  question.setBigUint64(40, cookie); // the server returns it, whatever time it is
  const asked = Date.now();
  const answer = await exchange(
    question,
    address,
    Number(digits ?? 123),
    signal,
    (answer) =>
      answer.byteLength >= OCTETS && (answer.getUint8(0) & 7) === SERVER &&
      answer.getBigUint64(24) === cookie,
  );
  const answered = Date.now();
  const stratum = answer.getUint8(1);
  const isUnsynchronized = answer.getUint8(0) >> 6 === 3;
  if (stratum < 1 || stratum > 15 || isUnsynchronized) {
    throw new Error(`${server} does not know the time`);
  }
  return (timeAt(answer, 32) - asked + timeAt(answer, 40) - answered) / 2;
}

/** A time in milliseconds since 1970. */
const timeAt = (packet: DataView, offset: number): number =>
  packet.getUint32(offset) * 1000 + packet.getUint32(offset + 4) / 2 ** 32 * 1000 - EPOCH;

function exchange(
  question: DataView,
  address: string,
  port: number,
  signal: AbortSignal,
  isAnswer: (packet: DataView) => boolean,
): Promise<DataView> {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  return new Promise<DataView>((resolve, reject) => {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
    timeout.addEventListener("abort", () => reject(new Error("it does not answer")), {
      once: true,
    });
    socket.on("error", reject);
    socket.on("message", ({ buffer, byteOffset, byteLength }) => {
      const packet = new DataView(buffer, byteOffset, byteLength);
      if (isAnswer(packet)) resolve(packet);
    });
    socket.send(new Uint8Array(question.buffer), port, address, (error) => error && reject(error));
  }).finally(() => socket.close());
}
