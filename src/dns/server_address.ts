/**
 * The addresses of DNS servers.
 * @module
 */
import { isIP, isIPv6 } from "node:net";
import { tried } from "../base/tried.ts";

/** A DNS server. */
export interface DnsServer {
  /** IPv4 or IPv6. */
  readonly address: string;
  readonly port: number;
}

/** Where the system says which servers it asks. */
export const RESOLV_CONF = "/etc/resolv.conf";

const PORT = 53;

/**
 * Parses `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`.
 *
 * @throws {TypeError} that says how to write it
 */
export function parseDnsServer(text: string): DnsServer {
  if (isIP(text) !== 0) return { address: text, port: PORT };
  const [, six, four, digits] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = six ?? four ?? "";
  const port = Number(digits ?? PORT);
  if (isIP(address) === (six === undefined ? 4 : 6) && port > 0 && port < 65536) {
    return { address, port };
  }
  throw new TypeError(
    `\`${text}\` is no DNS server: write its address, such as 127.0.0.1 or [::1]:5353`,
  );
}

/** The text that {@linkcode parseDnsServer} makes this server of. */
export function printDnsServer({ address, port }: DnsServer): string {
  if (port === PORT) return address;
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What resolv.conf(5) says. */
export interface ResolvConf {
  readonly servers: readonly DnsServer[];
  /** Milliseconds for one attempt. */
  readonly timeout: number | undefined;
  readonly attempts: number | undefined;
}

/** Parses the text of a resolv.conf. `search` does not matter: names in mail are complete. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: DnsServer[] = [];
  let timeout: number | undefined;
  let attempts: number | undefined;
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line.replace(/[#;].*/, "").trim().split(/\s+/);
    const [first = ""] = words;
    if (keyword === "nameserver" && isIP(first) !== 0) servers.push(parseDnsServer(first));
    if (keyword !== "options") continue;
    for (const word of words) {
      const [, name, value] = /^(timeout|attempts):(\d+)$/.exec(word) ?? [];
      if (name === "timeout") timeout = Number(value) * 1000;
      if (name === "attempts") attempts = Number(value);
    }
  }
  return { servers, timeout, attempts };
}

/** What the system's resolv.conf says; no servers where there is none. */
export const systemServers = (): ResolvConf =>
  parseResolvConf(tried(() => Deno.readTextFileSync(RESOLV_CONF)) ?? "");
