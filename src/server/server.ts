/**
 * The server: listeners, the connections they accept, and the end of it all.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { Resolver } from "../dns/resolver.ts";
import type { LimitName } from "../handler/event.ts";
import { chain, type Handler } from "../handler/handler.ts";
import { type Peer, type SessionContext, SessionState } from "../handler/session.ts";
import type { GlobalStore } from "../handler/global_store.ts";
import type { Judge } from "../handler/supervisor.ts";
import type { Log } from "../log/event.ts";
import { descriptorsLeft, maxConnections } from "../net/descriptors.ts";
import type { Listener, ListenerEvents } from "../net/listener.ts";
import type { Targets } from "../target/target.ts";
import { within } from "../base/within.ts";
import { Connection, type ConnectionEngine } from "./connection.ts";
import { core } from "./core.ts";
import { newId } from "./id.ts";
import type { Limits } from "./limits.ts";

/** What a server is made of. */
export interface ServerOptions {
  readonly hostname: string;
  /** What it listens on; the server closes them when it stops. */
  readonly listeners: readonly Listener[];
  /** The operator's handlers. They wrap the core, which answers what they pass on. */
  readonly policy: Handler;
  readonly limits: Limits;
  readonly targets: Targets;
  readonly globals: GlobalStore;
  readonly dns: Resolver;
  readonly log: Log;
  /** The directory for messages that are too large for memory. */
  readonly spoolDirectory: string;
}

/** A running server. */
export class Server {
  readonly #options: ServerOptions;
  readonly #context: SessionContext;
  readonly #engine: ConnectionEngine;
  readonly #listeners: readonly Listener[];
  readonly #room = maxConnections();
  /** The most connections at once since the listeners were last known to be well. */
  #most = 0;
  /** Somebody has connected since the last sweep. */
  #visited = false;
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #clock = { now: performance.now() };
  #sweeper: ReturnType<typeof setInterval> | undefined;
  #emptied: (() => void) | undefined;
  private constructor(options: ServerOptions) {
    this.#options = options;
    this.#listeners = options.listeners;
    const { hostname, log, globals, dns, limits, targets } = options;
    const whole = chain(options.policy, core(options));
    const judge: Judge = (target) => targets.obstacleTo(target);
    this.#context = { hostname, log, globals, dns, chain: whole, judge };
    this.#engine = {
      chain: whole,
      limits,
      clock: this.#clock,
      newId,
      onClose: (connection) => this.#forget(connection),
    };
  }

  /** Starts serving those who connect. */
  static start(options: ServerOptions): Server {
    const server = new Server(options);
    options.log("started", { listen: server.addresses, hostname: options.hostname });
    const events: ListenerEvents = {
      accepted: (socket, listener) => server.#accept(socket, listener),
      failed: (listen, error) => options.log("listener failed", { listen, error }),
    };
    for (const listener of server.#listeners) listener.serve(events);
    server.#sweeper = setInterval(() => server.#sweep(), tick(options.limits));
    return server;
  }

  /** What it listens on, with the ports that the system chose for port 0. */
  get addresses(): readonly string[] {
    return this.#listeners.map(({ name }) => name);
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Stops: accepts nothing more, lets sessions finish their transaction and mailers their work until the
   * shutdown deadline, then tells the rest 421 and interrupts what still runs.
   */
  async stop(reason: string): Promise<void> {
    const { log, limits, targets } = this.#options;
    log("stopping", { reason, sessions: this.#connections.size });
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections) connection.shutDown(false);
    if (!await within(this.#finished(), limits.shutdownTimeout)) {
      for (const connection of this.#connections) connection.shutDown(true);
      targets.interrupt();
      await within(this.#finished(), limits.writeTimeout);
    }
    const sessions = this.#connections.size;
    this.kill();
    log("stopped", { sessions });
  }

  /** Ends everything at once, and leaves no mailer behind. */
  kill(): void {
    clearInterval(this.#sweeper);
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections) connection.drop();
    this.#options.targets.kill();
  }

  #accept(socket: Socket, listener: string): void {
    const { log } = this.#options;
    this.#visited = true;
    const peer = peerOf(socket, listener);
    if (peer === undefined) return abandon(socket);
    const id = newId();
    const session = new SessionState({ id, peer, listener, context: this.#context });
    const connection = new Connection(socket, session, this.#engine);
    const refuse = this.#full(peer);
    this.#remember(connection);
    const shown = peer.port === 0 ? peer.address : `${peer.address}:${peer.port}`;
    if (refuse !== undefined) log("refused", { peer: shown, listener, reason: refuse });
    else if (log.wants("connected")) log("connected", { session: id, peer: shown, listener });
    connection.start(refuse);
  }

  #full({ address }: Peer): LimitName | undefined {
    const { connections, connectionsPerAddress } = this.#options.limits;
    if (this.#connections.size >= Math.min(connections, this.#room)) return "connections";
    return (this.#perAddress.get(address) ?? 0) >= connectionsPerAddress && !isLocal(address)
      ? "connections-per-address"
      : undefined;
  }

  #remember(connection: Connection): void {
    const { address } = connection;
    this.#connections.add(connection);
    this.#most = Math.max(this.#most, this.#connections.size);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
  }

  #forget(connection: Connection): void {
    const { address } = connection;
    if (!this.#connections.delete(connection)) return;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  #sweep(): void {
    this.#clock.now = performance.now();
    for (const connection of this.#connections) connection.sweep();
    this.#reviveListeners();
  }

  /** After so many connections that file descriptors may have run out, listeners may be dead. */
  #reviveListeners(): void {
    const suspicious = this.#most >= this.#room / 2 && !this.#visited;
    this.#visited = false;
    if (!suspicious || !descriptorsLeft()) return;
    this.#most = this.#connections.size;
    for (const listener of this.#listeners) listener.revive();
  }

  /** Waits until no connection is left, and nothing is being delivered. */
  async #finished(): Promise<void> {
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => this.#emptied = resolve);
    }
    await this.#options.targets.idle();
  }
}

/** Who is at the other end; `undefined` if nobody is any more. */
function peerOf(socket: Socket, listener: string): Peer | undefined {
  if (listener.startsWith("unix:")) return { address: "unix", port: 0 };
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { address: remoteAddress.replace(/^::ffff:(?=\d+\.)/, ""), port: remotePort };
}

/** Closes a socket whose client is gone already. */
function abandon(socket: Socket): void {
  socket.on("error", () => {}); // without a listener a reset would end the process
  socket.destroy();
}

const isLocal = (address: string): boolean =>
  address === "unix" || address === "::1" || address.startsWith("127.");

/** How often deadlines are looked at: often enough for the shortest, a second at most. */
function tick(limits: Limits): number {
  const { commandTimeout, dataTimeout, messageTimeout, writeTimeout } = limits;
  const { handlerTimeout, deliverTimeout } = limits;
  const shortest = Math.min(
    commandTimeout,
    dataTimeout,
    messageTimeout,
    writeTimeout,
    handlerTimeout,
    deliverTimeout,
  );
  return Math.max(10, Math.min(1000, shortest / 4));
}
