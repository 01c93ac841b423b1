/**
 * One address that a server listens on.
 *
 * @module
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { within } from "../base/within.ts";
import { type ListenAddress, printListen } from "./address.ts";
import { makeRoom } from "./unix_socket.ts";

/** Connections that the kernel may hold for us. */
const BACKLOG = 4096;
/** Milliseconds in which a listener that is alive accepts a connection from this machine. */
const PATIENCE = 2000;

/** Who is told what a listener does. */
export interface ListenerEvents {
  /** Somebody has connected. */
  readonly accepted: (socket: Socket, listener: string) => void;
  readonly failed: (listener: string, error: string) => void;
}

/** A listener, from when it listens until it is closed. */
export class Listener {
  readonly #address: ListenAddress;
  readonly #events: ListenerEvents;
  #server: Server;
  #closed = false;
  #probing = false;
  /** Called at the next connection. */
  #somebody: (() => void) | undefined;
  /** The address, with the port that the system chose for port 0: `127.0.0.1:2525`, `unix:/run/socket`. */
  readonly name: string;

  private constructor(address: ListenAddress, server: Server, events: ListenerEvents) {
    this.#address = address;
    this.#server = server;
    this.#events = events;
    this.name = printListen(address);
    this.#serve();
  }

  /** Listens. Throws an Error that names the address if that cannot be. */
  static async open(address: ListenAddress, events: ListenerEvents): Promise<Listener> {
    const server = await listen(address);
    const bound = server.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    return new Listener(
      address.transport === "tcp" ? { ...address, port } : address,
      server,
      events,
    );
  }

  close(): void {
    this.#closed = true;
    this.#server.close();
  }

  /**
   * Listens anew if connections are not accepted any more. The platform stops accepting, without a word, when
   * it once runs out of file descriptors.
   */
  async revive(): Promise<void> {
    if (this.#probing || this.#closed) return;
    this.#probing = true;
    try {
      if (await this.#accepts() || this.#closed) return;
      this.#server.close();
      this.#server = await listen(this.#address);
      this.#serve();
      this.#events.failed(this.name, "it accepted nothing any more, and was opened again");
    } catch (error) {
      this.#events.failed(this.name, error instanceof Error ? error.message : String(error));
    } finally {
      this.#probing = false;
    }
  }

  #serve(): void {
    this.#server.on("connection", (socket: Socket) => {
      this.#somebody?.();
      this.#events.accepted(socket, this.name);
    });
    this.#server.on("error", (error: Error) => this.#events.failed(this.name, error.message));
  }

  /** Knocks at our own door. */
  async #accepts(): Promise<boolean> {
    const somebody = new Promise<void>((resolve) => this.#somebody = resolve);
    const address = this.#address;
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
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  if (address.transport === "unix") await makeRoom(address.path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refused = (error: Error) =>
    reject(new Error(`cannot listen on ${printListen(address)}: ${error.message}`));
  server.once("error", refused);
  server.listen(
    address.transport === "unix"
      ? { path: address.path, backlog: BACKLOG }
      : { host: address.hostname, port: address.port, backlog: BACKLOG },
    resolve,
  );
  await promise;
  server.off("error", refused);
  if (address.transport === "unix" && address.mode !== undefined) {
    await Deno.chmod(address.path, address.mode);
  }
  return server;
}
