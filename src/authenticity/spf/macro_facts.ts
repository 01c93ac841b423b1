/**
 * What the letters of macros stand for (RFC 7208 section 7.2).
 * @module
 */
import type { Ip } from "../../base/ip.ts";
import { reverseName } from "../../dns/name.ts";

/** The client of a check. */
export interface SpfClient {
  /** An IPv4 or IPv6 address. */
  readonly address: string;
  /** The name in HELO. */
  readonly helo: string;
  /** The mailbox that is checked, `postmaster@…` where there is none. */
  readonly sender: string;
  /** The server's own name. */
  readonly hostname: string;
}

/** Knows the values for one client. */
export class MacroFacts {
  readonly #client: SpfClient;
  readonly #ip: Ip;
  readonly #namesOf: (domain: string) => Promise<readonly string[]>;

  /** @param namesOf the names of the client that lead back to it, those of a domain first */
  constructor(
    client: SpfClient,
    ip: Ip,
    namesOf: (domain: string) => Promise<readonly string[]>,
  ) {
    this.#client = client;
    this.#ip = ip;
    this.#namesOf = namesOf;
  }

  /** The name that has the names of the client's address. */
  get reverseName(): string {
    return reverseName(this.#ip.toString())!;
  }

  /** What a letter stands for in a record of a domain. */
  async valueOf(letter: string, domain: string): Promise<string> {
    const { helo, sender, hostname } = this.#client;
    const at = sender.lastIndexOf("@");
    switch (letter) {
      case "s":
        return sender;
      case "l":
        return sender.slice(0, at);
      case "o":
        return sender.slice(at + 1);
      case "d":
        return domain;
      case "i":
        return this.#dotted;
      case "p":
        return (await this.#namesOf(domain))[0] ?? "unknown";
      case "v":
        return this.#ip.kind() === "ipv4" ? "in-addr" : "ip6";
      case "h":
        return helo;
      case "c":
        return this.#ip.toString();
      case "r":
        return hostname;
      default:
        return `${Math.floor(Date.now() / 1000)}`;
    }
  }

  /** An IPv4 address as it is written, an IPv6 address as its 32 digits. */
  get #dotted(): string {
    if (this.#ip.kind() === "ipv4") return this.#ip.toString();
    const digits = Uint8Array.from(this.#ip.toByteArray()).toHex().toUpperCase();
    return [...digits].join(".");
  }
}
