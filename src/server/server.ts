/**
 * The server: listeners, the connections they accept, and the end of it all.
 * @module
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { LimitName } from "../handler/event.ts";
import { chain } from "../handler/handler.ts";
import { type LocalUser, SessionState } from "../handler/session.ts";
import type { OwnMessage } from "../handler/own_message.ts";
import type { Judge } from "../handler/supervisor.ts";
import type { Keep } from "../message/kept.ts";
import { isForUsers } from "../net/address.ts";
import { descriptorsLeft } from "../net/descriptors.ts";
import type { Listener, ListenerEvents } from "../net/listener.ts";
import { isAmong, type Peers, UNIX } from "../net/peers.ts";
import type { ProxyHeader } from "../net/proxy_header.ts";
import { Asking } from "../queue/asking.ts";
import { Users } from "../base/users.ts";
import { within } from "../base/within.ts";
import { abandon, type Accepted, peerOf, placeOf, sendAway } from "./accepted.ts";
import { Connection } from "./connection.ts";
import { beforeReply } from "./before_reply.ts";
import { core, type CoreOptions } from "./core.ts";
import { type ConnectionLimits, Connections } from "./connections.ts";
import { Extensions } from "./extension.ts";
import { extensionsOn } from "./extensions.ts";
import { Gate } from "./gate.ts";
import { newId } from "../base/id.ts";
import type { Limits } from "./limits.ts";
import { localLimits, localSession } from "./local_session.ts";
import { peerNamed } from "./named_client.ts";
import { spool, SpoolFile } from "../message/spool.ts";
import { queued } from "./queued.ts";
import { type InForce, type OfListener, type Shared, tick } from "./in_force.ts";
import type { ServerOptions } from "./server_options.ts";
import type { Setup } from "./setup.ts";

/** A running server. */
export class Server {
  readonly #options: ServerOptions;
  /** What those who come now get. */
  #inForce: InForce;
  /** That, and those before it that somebody still uses. */
  readonly #used = new Set<InForce>();
  /** File descriptors may have run out since the listeners were last known to be well. */
  #suspicious = false;
  /** Somebody has connected since the last sweep. */
  #visited = false;
  readonly #connections: Connections<Connection>;
  readonly #gate = new Gate();
  /** Those that were refused, until they are closed. */
  readonly #refused = new Set<Connection>();
  /** How many were refused without a session since the last sweep. */
  #sentAway = 0;
  readonly #clock = { now: performance.now() };
  #sweeper: ReturnType<typeof setInterval> | undefined;
  #emptied: PromiseWithResolvers<void> | undefined;

  private constructor(options: ServerOptions) {
    this.#options = options;
    this.#connections = new Connections(this.#room(options));
    this.#inForce = this.#putInForce(options);
    options.queue?.start(this.#inForce.asking, this.#inForce.users);
  }

  #room({ limits }: Setup): ConnectionLimits {
    return {
      connections: Math.min(limits.connections, this.#options.descriptors.connections),
      connectionsPerAddress: limits.connectionsPerAddress,
    };
  }

  #putInForce(setup: Setup): InForce {
    const { log, queue, memory } = this.#options;
    const { limits, targets, spoolDirectory, deliver = "queued" } = setup;
    const users = new Users();
    const acceptance = queue === undefined
      ? beforeReply({ targets, limits, log, memory, spoolDirectory })
      : queued({ queue, targets, deliver, log });
    const { authentication, secure: certificates, policy, requireTls, authservId } = setup;
    const passwords = authentication?.passwords;
    const longest = setup.queueing?.schedule.longestHold ?? 0;
    const shared = new Map<Listener, OfListener>();
    for (const [listener, its] of setup.listeners) {
      const own: Limits = { ...limits, ...its.limits };
      const { xclient: peers, xclientLogin: login = false } = its;
      const xclient = peers && { peers, login };
      const hold = queue && { longest: Math.floor(longest / 1000), now: Date.now };
      const about = { certificates, authentication, policy, xclient, hold, requireTls };
      const extensions = new Extensions(extensionsOn(about));
      const submission = isForUsers(listener.kind) ? setup.submission : undefined;
      const says = { authservId, ...submission };
      const ends = { acceptance, limits: own, extensions, passwords, log, ...says };
      const common = this.#share(setup, users, ends, submission?.domain);
      shared.set(listener, { ...common, options: its });
    }
    const says = { authservId, ...setup.submission };
    const extensions = new Extensions(extensionsOn({ policy, requireTls }));
    const ends = { acceptance, limits: localLimits(limits), extensions, log, ...says };
    const local = this.#share(setup, users, ends, says.domain);
    const asking = new Asking({
      context: local.context,
      timeout: limits.handlerTimeout,
      witnessed: setup.witness && local.engine.chain,
      record: this.#options.record,
    });
    const inForce = { setup, shared, local, asking, users };
    this.#used.add(inForce);
    return inForce;
  }

  #share(setup: Setup, users: Users, ends: CoreOptions, domain?: string): Shared {
    const { log, globals, memory, queue, dmarcReports, record } = this.#options;
    const { hostname, dns, tolerated, targets, policy, secure, spoolDirectory, witness } = setup;
    const { extensions, limits } = ends;
    const keep: Keep = (body) => spool(body, () => SpoolFile.unnamed(spoolDirectory), memory);
    const judge: Judge = (target) => targets.obstacleTo(target);
    const inner = core(ends);
    const whole = chain(policy, witness?.core(inner) ?? inner);
    const send = queue && ((message: OwnMessage) => queue.send(message));
    return {
      context: { hostname, log, globals, dns, keep, chain: whole, judge, send },
      engine: {
        ...{ chain: witness?.around(whole) ?? whole, extensions, secure, limits, tolerated },
        ...{ domain, memory, newId, dmarcReports, record },
        clock: this.#clock,
        onClose: (connection) => this.#forget(connection, users),
        recount: (connection, address) => this.#connections.move(connection, address),
      },
    };
  }

  /**
   * Puts another setup in force, for all that begins from now on.
   *
   * @param ended called once nothing uses the one before
   */
  replace(setup: Setup, ended: () => void): void {
    const before = this.#inForce;
    this.#inForce = this.#putInForce(setup);
    const { queueing, targets, limits } = setup;
    const { asking, users } = this.#inForce;
    this.#connections.limit(this.#room(setup));
    this.#options.memory.limit(limits.messageMemory);
    if (queueing !== undefined) {
      this.#options.queue?.follow({ targets, ...queueing }, asking, users);
    }
    this.#sweepInTime();
    before.users.retire(async () => {
      await before.asking.idle();
      await before.setup.targets.idle();
      this.#used.delete(before);
      ended();
    });
  }

  /** Starts serving those who connect. */
  static start(options: ServerOptions): Server {
    const server = new Server(options);
    options.log("started", { listen: server.addresses, hostname: options.hostname });
    const events: ListenerEvents = {
      accepted: (socket, listener) => server.#accept(socket, listener),
      failed: (listen, error) => options.log("listener failed", { listen, error }),
    };
    for (const listener of options.listeners.keys()) listener.serve(events);
    server.#sweepInTime();
    return server;
  }

  #sweepInTime(): void {
    const ticks = [...this.#inForce.shared.values()].map(({ engine }) => tick(engine.limits));
    clearInterval(this.#sweeper);
    this.#sweeper = setInterval(() => this.#sweep(), Math.min(...ticks));
  }

  /** What it listens on, with the ports that the system chose for port 0. */
  get addresses(): readonly string[] {
    return [...this.#options.listeners.keys()].map(({ name }) => name);
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Begins a session with a user of this machine, without a connection. Returns the client's end: SMTP is spoken there.
   */
  local(user: LocalUser): Duplex {
    const { local, users } = this.#inForce;
    const { client, connection } = localSession(user, local);
    users.enter();
    this.#connections.add(connection, UNIX);
    connection.start();
    return client;
  }

  /**
   * Stops: accepts nothing more, lets sessions finish their transaction and mailers their work until the
   * shutdown deadline, then tells the rest 421 and interrupts what still runs.
   */
  async stop(reason: string): Promise<void> {
    const { log, queue } = this.#options;
    const { limits } = this.#inForce.setup;
    log("stopping", { reason, sessions: this.#connections.size });
    for (const listener of this.#options.listeners.keys()) listener.close();
    this.#gate.close();
    for (const connection of this.#connections) connection.shutDown(false);
    if (!await within(this.#finished(), limits.shutdownTimeout)) {
      for (const connection of this.#connections) connection.shutDown(true);
      for (const { setup } of this.#used) setup.targets.interrupt();
      queue?.kill();
      await within(this.#finished(), limits.writeTimeout);
    }
    const sessions = this.#connections.size;
    this.kill();
    log("stopped", { sessions });
  }

  /** Ends everything at once, and leaves no mailer behind. */
  kill(): void {
    clearInterval(this.#sweeper);
    for (const listener of this.#options.listeners.keys()) listener.close();
    this.#gate.close();
    for (const connection of [...this.#connections, ...this.#refused]) connection.drop();
    this.#options.queue?.kill();
    for (const { setup } of this.#used) setup.targets.kill();
  }

  #accept(socket: Socket, listener: Listener): void {
    this.#visited = true;
    const peer = peerOf(socket, listener.name);
    if (peer === undefined) return abandon(socket);
    const { options: { proxy } } = this.#inForce.shared.get(listener)!;
    if (proxy === undefined) this.#admit({ socket, listener, peer });
    else this.#await({ socket, listener, peer }, proxy);
  }

  /** Waits for the header of a proxy. */
  #await(accepted: Accepted, proxies: Peers): void {
    const { socket, listener, peer: via } = accepted;
    const refuse = (reason?: string) => {
      if (reason !== undefined) {
        this.#options.log("proxy refused", { ...placeOf(accepted), reason });
      }
      abandon(socket);
    };
    if (!isAmong(via.address, proxies)) {
      return refuse(
        "it is not in `proxy` of this listener: add it there if it is a proxy of yours",
      );
    }
    if (this.#connections.full(this.#gate.size) !== undefined) {
      this.#sentAway++;
      return abandon(socket);
    }
    const { handshakeTimeout } = this.#inForce.shared.get(listener)!.engine.limits;
    const come = (header: ProxyHeader) =>
      this.#admit({ socket, listener, peer: peerNamed(header.client, via), via });
    this.#gate.admit(socket, performance.now() + handshakeTimeout, { come, failed: refuse });
  }

  /** Begins a session, or refuses it. */
  #admit(accepted: Accepted): void {
    const { socket, listener: { name, kind }, peer, via } = accepted;
    const { log } = this.#options;
    const refuse = this.#full(accepted);
    if (refuse !== undefined && this.#refused.size >= this.#options.descriptors.refused) {
      this.#sentAway++;
      return kind === "submissions" ? abandon(socket) : sendAway(socket, refuse);
    }
    const id = newId();
    const listener = { address: name, kind };
    const { shared, users } = this.#inForce;
    const { context, engine } = shared.get(accepted.listener)!;
    const session = new SessionState({ id, peer, listener, context });
    const connection = new Connection(socket, session, engine);
    users.enter();
    if (refuse === undefined) this.#connections.add(connection, peer.address);
    else this.#refused.add(connection);
    const { size } = this.#connections;
    if (size + this.#refused.size >= this.#options.descriptors.connections / 2) {
      this.#suspicious = true;
    }
    const of = { session: id, ...placeOf(accepted), via: via?.address };
    if (refuse === undefined) log("connected", of);
    else log("refused", { ...of, reason: refuse });
    if (kind === "submissions") return connection.startSecurely(refuse);
    connection.start(refuse);
    socket.resume(); // it is paused if a header was read of it
  }

  /** The limit that a connection would exceed. That for each address is not for those who bring many clients. */
  #full({ listener, peer, via }: Accepted): LimitName | undefined {
    const { options: { xclient = [] } } = this.#inForce.shared.get(listener)!;
    const bringsMany = peer === via || isAmong(peer.address, xclient);
    return this.#connections.full(this.#gate.size) ??
      (bringsMany ? undefined : this.#connections.fullFor(peer.address));
  }

  #forget(connection: Connection, users: Users): void {
    if (!this.#refused.delete(connection) && !this.#connections.remove(connection)) return;
    users.leave();
    if (this.#connections.size === 0) this.#emptied?.resolve();
  }

  #sweep(): void {
    this.#clock.now = performance.now();
    for (const connection of [...this.#connections, ...this.#refused]) connection.sweep();
    this.#gate.sweep(this.#clock.now);
    if (this.#sentAway > 0) this.#options.log("refused more", { connections: this.#sentAway });
    this.#sentAway = 0;
    this.#reviveListeners();
  }

  /** Once file descriptors have run out, listeners may be dead. */
  #reviveListeners(): void {
    const visited = this.#visited;
    this.#visited = false;
    if (!descriptorsLeft()) this.#suspicious = true;
    else if (this.#suspicious && !visited) {
      this.#suspicious = false;
      for (const listener of this.#options.listeners.keys()) listener.revive();
    }
  }

  /** Waits until no connection is left, and nothing is being delivered. */
  async #finished(): Promise<void> {
    const { queue } = this.#options;
    void queue?.stop();
    if (this.#connections.size > 0) {
      await (this.#emptied ??= Promise.withResolvers()).promise;
    }
    await queue?.stop(); // also for what the last connections have brought
    await Promise.all([...this.#used].map(({ setup }) => setup.targets.idle()));
  }
}
