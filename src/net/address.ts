/**
 * The addresses that a server listens on.
 * @module
 */
import { isIpv6, isNumeric, parseIp } from "../base/ip.ts";
import type { MailProtocol } from "../smtp/command.ts";
import { isDomain } from "../smtp/mailbox.ts";
import { FIRST_HANDED_OVER } from "./handed_over.ts";

/**
 * What clients connect to a listener for: `smtp` to bring mail from elsewhere, `submission` to have mail sent on
 * (RFC 6409), `submissions` for the same over TLS from the first octet (RFC 8314 section 3.3), `lmtp` to bring mail
 * with a reply for each recipient (RFC 2033). `local` is no listener: it stands for users of this machine, whose programs
 * hand over mail by `sendmail`.
 */
export type ListenerKind = "smtp" | "submission" | "submissions" | "lmtp" | "local";

/** Every kind of listener that there can be. */
export const LISTENER_KINDS = [
  "smtp",
  "submission",
  "submissions",
  "lmtp",
] as const satisfies readonly Exclude<ListenerKind, "local">[];

/** True for the kinds whose clients are users, who authenticate. */
export const isForUsers = (kind: ListenerKind): kind is "submission" | "submissions" =>
  kind === "submission" || kind === "submissions";

/** The protocol that is spoken at listeners of a kind. */
export const protocolAt = (kind: ListenerKind): MailProtocol => kind === "lmtp" ? "LMTP" : "SMTP";

/** The reason why a listener of this kind may not have this TCP port; `undefined` if it may. */
export const portFault = (kind: ListenerKind, port: number): string | undefined =>
  kind === "lmtp" && port === 25
    ? "LMTP is never spoken on port 25 (RFC 2033 section 5): take another port, such as 24, or a Unix socket"
    : undefined;

/** A listener as the configuration has it. */
export interface Listen {
  readonly address: ListenAddress;
  readonly kind: ListenerKind;
}

/** Where a server listens. */
export type ListenAddress =
  | {
    readonly transport: "tcp";
    /** A name, an IPv4 or an IPv6 address; `::` stands for every address of the machine, IPv4 included. */
    readonly hostname: string;
    /** 0 takes any port that is free. */
    readonly port: number;
  }
  | {
    readonly transport: "unix";
    /** The path of the socket. */
    readonly path: string;
    /** The permissions of the socket, `0o660` for instance; without it those that the umask leaves. */
    readonly mode?: number;
  }
  | {
    readonly transport: "fd";
    /** The descriptor of a socket that was handed over, as by systemd; the first is 3. */
    readonly fd: number;
  };

const EXAMPLES = "such as `127.0.0.1:2525`, `[::1]:2525`, `*:25` or `unix:/run/postmaster.sock`";

/**
 * Parses `127.0.0.1:2525`, `[::1]:25`, `localhost:2525`, `*:25` or `:25` (every address),
 * `unix:/path`, which may end in `?mode=660`, or `fd:3` for a socket that was handed over.
 *
 * @throws {TypeError} that says what is wrong and how to mend it
 */
export function parseListen(text: string): ListenAddress {
  if (text.startsWith("unix:")) return parseUnix(text);
  if (text.startsWith("fd:")) return parseDescriptor(text);
  const { host, port } = split(text);
  return { transport: "tcp", hostname: parseHost(text, host), port: parsePort(text, port) };
}

/** The text that {@linkcode parseListen} makes this address of. */
export function printListen(address: ListenAddress): string {
  if (address.transport === "unix") {
    const mode = address.mode === undefined ? "" : `?mode=${address.mode.toString(8)}`;
    return `unix:${address.path}${mode}`;
  }
  if (address.transport === "fd") return `fd:${address.fd}`;
  const { hostname, port } = address;
  if (hostname === "::") return `*:${port}`;
  return isIpv6(hostname) ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function parseUnix(text: string): ListenAddress {
  const [, path, mode] = /^unix:(.*?)(?:\?mode=([^?]*))?$/s.exec(text) as unknown as string[];
  if (!path?.startsWith("/") || path.includes("\0")) {
    throw new TypeError(`\`${text}\` needs the full path of a socket: unix:/run/postmaster.sock`);
  }
  if (mode === undefined) return { transport: "unix", path };
  if (!/^0?[0-7]{3}$/.test(mode)) {
    throw new TypeError(`\`${text}\` needs permissions in octal: unix:${path}?mode=660`);
  }
  return { transport: "unix", path, mode: parseInt(mode, 8) };
}

function parseDescriptor(text: string): ListenAddress {
  const fd = Number(/^fd:(\d{1,4})$/.exec(text)?.[1]);
  if (fd >= FIRST_HANDED_OVER) return { transport: "fd", fd };
  throw new TypeError(`\`${text}\` must be fd:3 for the first socket that is handed over, fd:4 …`);
}

function split(text: string): { host: string; port: string } {
  const colon = text.lastIndexOf(":");
  if (isIpv6(text)) {
    throw new TypeError(`\`${text}\` needs brackets and a port: [${text}]:25`);
  }
  if (colon < 0 || text.endsWith("]")) {
    throw new TypeError(
      /^\d+$/.test(text)
        ? `\`${text}\` needs an address: 127.0.0.1:${text} for this machine only, *:${text} for all`
        : `\`${text}\` needs a port: ${text || "*"}:25`,
    );
  }
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

function parsePort(text: string, port: string): number {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    throw new TypeError(`\`${text}\` needs a port from 0 to 65535 after the last colon`);
  }
  return Number(port);
}

function parseHost(text: string, host: string): string {
  if (host === "" || host === "*") return "::";
  const bracketed = /^\[(.*)\]$/.exec(host)?.[1];
  if (bracketed !== undefined) {
    if (isIpv6(bracketed)) return bracketed;
    throw new TypeError(
      `\`${text}\` must have an IPv6 address between its brackets, without a zone`,
    );
  }
  if (host.includes(":")) {
    throw new TypeError(`\`${text}\` needs brackets around its IPv6 address, as in [::1]:25`);
  }
  if (!isHost(host)) {
    throw new TypeError(`\`${text}\` is no address to listen on: write one ${EXAMPLES}`);
  }
  return host;
}

/** True for the name of a machine, or an address: `localhost`, `192.0.2.1`, `::1`. */
export const isHost = (text: string): boolean =>
  parseIp(text) !== undefined || (isDomain(text) && !text.startsWith("[") && !isNumeric(text));
