/**
 * The log in syslog (RFC 3164): datagrams to the daemon of this machine, as syslog(3) sends them, or
 * over UDP.
 * @module
 */
import type { LogRecord, Sink, TextFormatter } from "@logtape/logtape";
import { Buffer } from "node:buffer";
import { unixDatagram } from "../base/datagram.ts";
import { tried } from "../base/tried.ts";
import { within } from "../base/within.ts";
import { SEVERITY } from "./levels.ts";
import type { SyslogAddress } from "./settings.ts";

const FACILITY_MAIL = 2;
const encoder = new TextEncoder();
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Octets of a datagram: the default of rsyslogd, and what most daemons accept over UDP. */
const MAX_LOCAL = 8192, MAX_UDP = 2048;
/** Octets of lines that wait for a slow daemon; further ones are lost. */
const MAX_WAITING = 4 * 1024 * 1024;
/** Milliseconds for a line, and for all lines that are left when the log is closed. */
const PATIENCE = 1000;

/** Sends each record as a datagram. A daemon that is away or stuck costs lines, and never holds up the server. */
export function syslogSink(address: SyslogAddress, format: TextFormatter): Sink & AsyncDisposable {
  const sender = new Sender(address);
  const local = "socket" in address;
  const tag = `${local ? "" : `${shortHostname()} `}postmaster[${Deno.pid}]`;
  const sink: Sink = (record) => {
    const priority = FACILITY_MAIL * 8 + SEVERITY[record.level];
    const head = `<${priority}>${stamp(new Date(record.timestamp))} ${tag}: `;
    sender.send(datagram(head, record, format, local ? MAX_LOCAL : MAX_UDP));
  };
  return Object.assign(sink, { [Symbol.asyncDispose]: () => sender.close() });
}

/** `Nov  2 20:00:00` in local time (RFC 3164 section 4.1.2). */
function stamp(time: Date): string {
  const day = String(time.getDate()).padStart(2);
  return `${MONTHS[time.getMonth()]} ${day} ${time.toTimeString().slice(0, 8)}`;
}

/** RFC 3164 section 4.1.2 wants the name without its domain. */
const shortHostname = (): string => Deno.hostname().split(".")[0] ?? "";

/** Characters of a field and items of a list: ever fewer until the line fits into a datagram. */
const SHORTER = [[1000, 50], [250, 12], [60, 4]] as const;

/** A line of at most `max` octets. Long fields are shortened, so that it can still be parsed. */
function datagram(
  head: string,
  record: LogRecord,
  format: TextFormatter,
  max: number,
): Uint8Array {
  let line = head + format(record);
  for (const [characters, items] of SHORTER) {
    if (Buffer.byteLength(line) <= max) break;
    const properties = Object.fromEntries(
      Object.entries(record.properties).map(([key, value]) => [
        key,
        Array.isArray(value)
          ? [...value.slice(0, items), ...value.length > items ? ["…"] : []]
            .map((item) => shortened(item, characters))
          : shortened(value, characters),
      ]),
    );
    line = head + format({ ...record, properties });
  }
  return encoded(line, max);
}

const shortened = (value: unknown, characters: number): unknown =>
  typeof value === "string" && value.length > characters
    ? `${value.slice(0, characters).toWellFormed()}…`
    : value;

/** The octets of a text: at most `max`, and whole characters. */
function encoded(text: string, max: number): Uint8Array {
  const octets = new Uint8Array(max);
  return octets.subarray(0, encoder.encodeInto(text, octets).written);
}

/** Sends datagrams one at a time and in order. */
class Sender {
  readonly #to: Deno.Addr;
  #socket: Deno.DatagramConn | undefined;
  /** Octets that were not sent yet. */
  #unsent = 0;
  #sending: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(address: SyslogAddress) {
    this.#to = "socket" in address
      ? { transport: "unixpacket", path: address.socket }
      : { transport: "udp", hostname: address.host, port: address.port };
  }

  send(datagram: Uint8Array): void {
    if (this.#unsent >= MAX_WAITING) return;
    this.#unsent += datagram.length;
    this.#sending = this.#sending.then(() => this.#sendOne(datagram));
  }

  async close(): Promise<void> {
    await within(this.#sending, PATIENCE);
    this.#closed = true;
    this.#hangUp();
  }

  async #sendOne(datagram: Uint8Array): Promise<void> {
    if (this.#closed) return;
    this.#unsent -= datagram.length;
    try {
      this.#socket ??= bind(this.#to);
      if (!await within(this.#socket.send(datagram, this.#to), PATIENCE)) this.#hangUp();
    } catch {
      this.#hangUp(); // nobody listens; perhaps for the next line
    }
  }

  #hangUp(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

/** A socket to send from. */
function bind(to: Deno.Addr): Deno.DatagramConn {
  if (to.transport === "unixpacket") return unixDatagram();
  const listen = (hostname: string) => Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  return tried(() => listen("::")) ?? listen("0.0.0.0"); // the latter without IPv6
}
