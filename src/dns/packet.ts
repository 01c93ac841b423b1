/**
 * The packets of the DNS.
 * @module
 */
import { Buffer } from "node:buffer";
import * as dnsPacket from "dns-packet";
import { tried } from "../base/tried.ts";

export interface DnsQuestion {
  readonly name: string;
  readonly type: string;
}

/** A record as it came. */
export interface PacketRecord extends DnsQuestion {
  /** Seconds. */
  readonly ttl?: number;
  readonly data: unknown;
}

/** An answer as it came. */
export interface Packet {
  readonly id: number;
  readonly type: "query" | "response";
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, … */
  readonly rcode: string;
  /** The answer was too long for UDP. */
  readonly flag_tc: boolean;
  /** The answer is authenticated by DNSSEC. */
  readonly flag_ad: boolean;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly PacketRecord[];
  readonly authorities: readonly PacketRecord[];
}

/** Octets of a UDP answer that networks hardly ever fragment (RFC 6891, DNS flag day 2020). */
const UDP_SIZE = 1232;

/** The packet of a question, which asks for recursion and for the AD bit. */
export function encodeQuestion(id: number, { name, type }: DnsQuestion): Uint8Array {
  return dnsPacket.encode({
    type: "query",
    id,
    flags: dnsPacket.RECURSION_DESIRED | dnsPacket.AUTHENTIC_DATA,
    questions: [{ name, type, class: "IN" }],
    additionals: [{ name: ".", type: "OPT", udpPayloadSize: UDP_SIZE, flags: 0, options: [] }],
  });
}

/** `undefined` for what is no packet. */
export const decodePacket = (bytes: Uint8Array): Packet | undefined =>
  tried(() => dnsPacket.decode(Buffer.from(bytes)));
