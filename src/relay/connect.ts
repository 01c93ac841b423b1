/**
 * A session with a server, as safe as is demanded.
 * @module
 */
import type { Dial } from "../client/dial.ts";
import type { Pool } from "../client/pool.ts";
import { printHop } from "../client/hop.ts";
import { identify } from "../client/login.ts";
import { LoginRefused } from "../client/fault.ts";
import { ClientSession } from "../client/session.ts";
import { type Log, silent } from "../log/event.ts";
import type { Timeouts } from "../client/timeouts.ts";
import type { HostSecurity, TlsResults, UsedPolicy } from "../security/security.ts";
import type { Secure } from "../tls/client.ts";
import { TlsFailure, type TlsRequirement } from "../tls/requirement.ts";
import type { Limiter } from "./limiter.ts";
import type { NextHop } from "./routing.ts";

/** What connections are made with. */
export interface ConnectOptions {
  readonly dial: Dial;
  readonly secure: Secure;
  readonly pool: Pool;
  /** The name that the client gives itself. */
  readonly name: string;
  readonly ca?: string | undefined;
  readonly timeouts: Timeouts;
  readonly results?: TlsResults | undefined;
  /** Learns of logins that are refused. */
  readonly log?: Log;
}

/** The rules for a server that may be connected to. */
export type Allowed = Extract<HostSecurity, { readonly requirement: TlsRequirement }>;

/** For so many milliseconds a server is remembered that TLS does not work with. */
const MEMORY = 3_600_000;
/** The most servers that are remembered. */
const MOST = 10_000;

/** Makes connections, and keeps them for the next message. */
export class Connector {
  readonly #options: ConnectOptions;
  /** Servers that TLS does not work with, and until when that is believed. */
  readonly #clear = new Map<string, number>();

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  /**
   * A session on which mail may be sent. It is to be given back.
   *
   * @param group the limit of the server: it counts connections that wait for mail, too
   * @throws {DialFailure} {@linkcode TlsFailure} {@linkcode ClientFault}
   */
  async take(
    hop: NextHop,
    allowed: Allowed,
    group: Limiter,
    signal: AbortSignal,
  ): Promise<ClientSession> {
    const { pool } = this.#options;
    const kept = pool.take(keyOf(hop, allowed));
    if (kept !== undefined) return kept;
    await pool.trim(group.name, group.places - group.running);
    return await this.open(hop, allowed, signal);
  }

  /** Takes a session back. */
  give(hop: NextHop, allowed: Allowed, group: Limiter, session: ClientSession): void {
    this.#options.pool.give(keyOf(hop, allowed), group.name, session);
  }

  /**
   * A new session, which nobody else gets. Where TLS is only tried, a failure is followed by a new connection that
   * demands less.
   *
   * @throws {DialFailure} {@linkcode TlsFailure} {@linkcode ClientFault}
   */
  async open(
    hop: NextHop,
    allowed: Allowed,
    signal: AbortSignal,
  ): Promise<ClientSession> {
    const { policy } = allowed;
    const [last, ...before] = this.#triesFor(hop.host, allowed).toReversed();
    for (const one of before.toReversed()) {
      try {
        return await this.#openBy(one, policy, hop, signal);
      } catch (error) {
        if (!(error instanceof TlsFailure)) throw error;
        if (one.level === "may") this.#remember(hop.host);
      }
    }
    return await this.#openBy(last!, policy, hop, signal);
  }

  /** What is demanded of one connection after the other, until one can be made. */
  #triesFor(host: string, { requirement, tested }: Allowed): readonly TlsRequirement[] {
    const wanted = tested === undefined ? [requirement] : [tested, requirement];
    if (requirement.level !== "may") return wanted;
    const clear = { level: "none" } as const;
    return [...this.#isClear(host) ? wanted.slice(0, -1) : wanted, clear];
  }

  async #openBy(
    requirement: TlsRequirement,
    policy: UsedPolicy,
    hop: NextHop,
    signal: AbortSignal,
  ): Promise<ClientSession> {
    const { dial, secure, name, ca, timeouts, results, log = silent } = this.#options;
    const { login } = hop;
    const identity = login && await identify(login, hop);
    const dialled = await dial(hop, signal);
    const { localAddress } = dialled.socket;
    const count = (error?: TlsFailure) =>
      results?.count({
        ...{ policy, host: hop.host, address: dialled.address, localAddress },
        ...{ failure: error?.kind, reason: error?.message },
      });
    try {
      const options = { hop, name, requirement, identity, ca, timeouts, secure };
      const session = await ClientSession.open(dialled, options, signal);
      if (session.peer.tls !== undefined) count();
      return session;
    } catch (error) {
      if (error instanceof TlsFailure) count(error);
      if (error instanceof LoginRefused) {
        login?.refused?.();
        log("login refused", { server: hop.host, user: login!.user, reason: error.message });
      }
      throw error;
    }
  }

  #isClear(host: string): boolean {
    return (this.#clear.get(host) ?? 0) > performance.now();
  }

  #remember(host: string): void {
    if (this.#clear.size >= MOST) this.#clear.clear();
    this.#clear.set(host, performance.now() + MEMORY);
  }
}

/** Sessions with the same key are equally good for the same mail. */
const keyOf = (hop: NextHop, { requirement, tested }: Allowed): string =>
  JSON.stringify([
    ...[printHop(hop), hop.isNamed, hop.source, hop.login?.user],
    ...[requirement, tested],
  ]);
