/**
 * Where mail for a domain goes: to its exchangers, or to servers that the configuration or a handler names.
 * @module
 */
import type { Hop } from "../client/hop.ts";
import type { Login } from "../client/login.ts";
import type { Outcome } from "../handler/outcome.ts";
import type { FoundExchangers, TlsMode } from "../security/security.ts";
import type { Mailbox } from "../smtp/mailbox.ts";

/** A server in the order in which servers are tried. */
export interface NextHop extends Hop {
  /** Who the server is there; `undefined` if it does not authenticate. */
  readonly login?: Login | undefined;
  /** What counts there instead of the setting for the domain. */
  readonly tls?: TlsMode | undefined;
}

/** Servers that mail for a domain goes by. */
export interface Servers {
  /** In the order in which they are tried; never empty. */
  readonly hops: readonly NextHop[];
  /** The domain whose policies count: that of the recipients, or the name of the first of the servers that are named. */
  readonly domain: string;
  /** As the DNS has it; for servers that are named, their own names, and not from an MX record. */
  readonly exchangers: FoundExchangers;
  /** The servers are named by the configuration or a handler: the policies of each count, and not those of a domain. */
  readonly areNamed: boolean;
  /** The domain has further exchangers, which another attempt may try. */
  readonly arePartial: boolean;
}

/** Where mail for a domain goes; or it fails or is deferred without a connection. */
export type Way = Servers | { readonly outcome: Outcome };

/** What a handler or the configuration has chosen for a message. */
export interface Choice {
  /** Servers instead of the exchangers: `smtp://relay.example.net:587`. */
  readonly via?: readonly string[] | undefined;
  /** What is demanded of TLS instead of the setting for the domain or the server. */
  readonly tls?: TlsMode | undefined;
}

/** Finds the way. */
export interface Routing {
  wayTo(domain: string, sender: Mailbox | null, choice: Choice): Promise<Way>;
  /**
   * What shares limits, trouble and connections: the domain, or the servers that its mail goes by instead of the
   * exchangers, as {@linkcode printServer} has them. Mail with the same destination and sender goes the same way.
   */
  destinationOf(domain: string, choice: Choice): string;
}
