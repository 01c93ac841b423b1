/**
 * One address that a server listens on.
 * @module
 */
import { connect, createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { messageOf } from "../base/message_of.ts";
import { within } from "../base/within.ts";
import {
  type Listen,
  type ListenAddress,
  type ListenerKind,
  portFault,
  printListen,
} from "./address.ts";
import { checkHandedOver } from "./handed_over.ts";
import { makeRoom } from "./unix_socket.ts";
import { whyNotListening } from "./why_not_listening.ts";

const BACKLOG = 4096;
/** Octets that a socket reads ahead, and that it accepts for a client that does not read. */
const HIGH_WATER = 16 * 1024;
/** Connections that wait for the server to be ready; further ones are closed at once. */
const MOST_EARLY = 200;
/** Milliseconds in which a listener that is alive accepts a connection from this machine. */
const PATIENCE = 2000;

/** What a listener calls. */
export interface ListenerEvents {
  readonly accepted: (socket: Socket, listener: Listener) => void;
  readonly failed: (listener: string, error: string) => void;
}

/**
 * A listener, from when it listens until it is closed. Clients that connect before the server is ready wait: a server
 * may have to open a port long before that, while it is still root.
 */
export class Listener {
  readonly #address: ListenAddress;
  #server: Server;
  #events: ListenerEvents | undefined;
  readonly #early: Socket[] = [];
  #closed = false;
  #probing = false;
  /** Called at the next connection. */
  #somebody: (() => void) | undefined;
  /** The address, with the port that the system chose for port 0: `127.0.0.1:2525`, `unix:/run/socket`. */
  readonly name: string;
  readonly kind: ListenerKind;

  private constructor(address: ListenAddress, kind: ListenerKind, server: Server) {
    this.#address = address;
    this.#server = server;
    this.kind = kind;
    this.name = `${address.transport === "fd" ? "unix:" : ""}${printListen(address)}`;
    this.#attach();
  }

  /** Listens. Throws an Error that names the address if it cannot. */
  static async open(address: ListenAddress, kind: ListenerKind = "smtp"): Promise<Listener> {
    const server = await listen(address);
    const bound = server.address();
    if (typeof bound !== "object" || bound === null) return new Listener(address, kind, server);
    const fault = portFault(kind, bound.port);
    if (fault !== undefined) {
      server.close();
      throw new Error(`cannot listen on ${printListen(address)}: ${fault}`);
    }
    const hostname = address.transport === "tcp" ? address.hostname : bound.address;
    return new Listener({ transport: "tcp", hostname, port: bound.port }, kind, server);
  }

  /** Opens all listeners, or none and throws. */
  static async openAll(listens: readonly Listen[]): Promise<readonly Listener[]> {
    const listeners: Listener[] = [];
    try {
      for (const { address, kind } of listens) listeners.push(await Listener.open(address, kind));
    } catch (error) {
      for (const listener of listeners) listener.close();
      throw error;
    }
    return listeners;
  }

  /** Hands over the clients that wait, and those that connect from now on. Now a Unix socket gets its permissions. */
  serve(events: ListenerEvents): void {
    this.#events = events;
    permit(this.#address);
    for (const socket of this.#early.splice(0)) events.accepted(socket, this);
  }

  close(): void {
    this.#closed = true;
    this.#server.close();
    for (const socket of this.#early.splice(0)) socket.destroy();
  }

  /**
   * Listens anew if connections are not accepted any more. The platform silently stops accepting after it has run out
   * of file descriptors.
   */
  async revive(): Promise<void> {
    if (this.#probing || this.#closed) return;
    this.#probing = true;
    try {
      if (await this.#accepts() || this.#closed) return;
      this.#server = await listenAgain(this.#server, this.#address);
      permit(this.#address);
      this.#attach();
      this.#events?.failed(this.name, "it accepted nothing any more, and was opened again");
    } catch (error) {
      this.#events?.failed(this.name, messageOf(error));
    } finally {
      this.#probing = false;
    }
  }

  #attach(): void {
    this.#server.on("connection", (socket: Socket) => {
      this.#somebody?.();
      if (this.#events === undefined) this.#wait(socket);
      else this.#events.accepted(socket, this);
    });
    this.#server.on("error", (error: Error) => this.#events?.failed(this.name, error.message));
  }

  #wait(socket: Socket): void {
    socket.on("error", () => {});
    if (this.#early.length < MOST_EARLY) this.#early.push(socket);
    else socket.destroy();
  }

  /** Whether a connection of our own is accepted. */
  async #accepts(): Promise<boolean> {
    const address = this.#address;
    if (address.transport === "fd") return true; // nobody knows where it is
    const somebody = new Promise<void>((resolve) => this.#somebody = resolve);
    const probe = address.transport === "unix"
      ? connect(address.path)
      : connect(address.port, LOOPBACK[address.hostname] ?? address.hostname);
    probe.on("error", () => {}); // then nobody comes
    const alive = await within(somebody, PATIENCE);
    this.#somebody = undefined;
    probe.destroy();
    return alive;
  }
}

/** Where to reach a listener for every address. */
const LOOPBACK: Readonly<Record<string, string>> = { "::": "::1", "0.0.0.0": "127.0.0.1" };

async function listen(address: ListenAddress): Promise<Server> {
  if (address.transport === "unix") await makeRoom(address.path);
  if (address.transport === "fd") checkHandedOver(address.fd);
  return await started(address, (server) => server.listen(optionsFor(address)));
}

/** Sets the permissions of a Unix socket as the server's user: a link could lead root to another file. */
function permit(address: ListenAddress): void {
  if (address.transport === "unix" && address.mode !== undefined) {
    Deno.chmodSync(address.path, address.mode);
  }
}

/** Listens in place of a server that is dead. The socket of a port stays: only root may take one below 1024. */
function listenAgain(dead: Server, address: ListenAddress): Promise<Server> {
  if (address.transport === "tcp") {
    return started(address, (server) => server.listen(dead, BACKLOG)); // the same socket
  }
  dead.close();
  return listen(address);
}

function optionsFor(address: ListenAddress): ListenOptions | { readonly fd: number } {
  switch (address.transport) {
    case "tcp":
      return { host: address.hostname, port: address.port, backlog: BACKLOG };
    case "unix":
      return { path: address.path, backlog: BACKLOG };
    case "fd":
      return { fd: address.fd };
  }
}

async function started(address: ListenAddress, start: (server: Server) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: HIGH_WATER });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refused = (error: Error) => reject(new Error(whyNotListening(address, error)));
  server.once("error", refused);
  server.once("listening", resolve);
  start(server);
  await promise;
  server.off("error", refused);
  return server;
}
