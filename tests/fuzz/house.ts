/**
 * A real server in this process, with all its ways in, for sessions over sockets.
 * @module
 */
import type { Authentication } from "../../src/auth/authentication.ts";
import { MemoryStore } from "../../src/handler/memory_store.ts";
import { Memory } from "../../src/message/memory.ts";
import type { Log } from "../../src/log/event.ts";
import { Network } from "../../src/base/ip.ts";
import {
  type ListenAddress,
  LISTENER_KINDS,
  type ListenerKind,
  parseListen,
} from "../../src/net/address.ts";
import { Listener } from "../../src/net/listener.ts";
import { DEFAULT_LIMITS } from "../../src/server/limits.ts";
import type { ListenerOptions } from "../../src/server/listener_options.ts";
import { Server } from "../../src/server/server.ts";
import { FakeDns } from "../../src/testing/fake_dns.ts";
import { Certificates } from "../../src/tls/certificates.ts";
import { selfSigned } from "../../src/tls/self_signed.ts";
import { Directory } from "../running.ts";
import type { Delivered } from "./heard.ts";
import { mechanisms, passwords, policy, targetsFor } from "./policy.ts";
import { HOSTNAME, type World } from "./world.ts";

/** A way in, and what a client finds there. */
export interface Door {
  /** The name of the listener. */
  readonly name: string;
  readonly address: ListenAddress;
  /** Proxies come here, and say for whom. */
  readonly proxied: boolean;
  readonly world: World;
}

const LIMITS = { ...DEFAULT_LIMITS, refusalDelay: 0, errors: 1000, deliverTimeout: 60_000 };

/** Takes what a session delivers. */
export type Taker = (delivered: Omit<Delivered, "after">) => void;

/** The sessions of a server. */
class Sessions {
  /** Their ids by the listener and the port of the client, until somebody watches. */
  readonly #ids = new Map<string, string>();
  readonly #takers = new Map<string, Taker>();
  readonly log: Log = Object.assign(
    (event: string, fields: object) => {
      if (event !== "connected") return;
      const { listener, port = 0, session } = fields as Connected;
      this.#ids.set(`${listener} ${port}`, session);
    },
    { wants: (event: string) => event === "connected" },
  );

  /** Gives `taker` what a session delivers. Gives the function that ends this; nothing if there is no such session yet. */
  watch(listener: string, port: number, taker: Taker): (() => void) | undefined {
    const client = `${listener} ${port}`;
    const id = this.#ids.get(client);
    if (id === undefined) return undefined;
    this.#ids.delete(client);
    this.#takers.set(id, taker);
    return () => this.#takers.delete(id);
  }

  take(delivered: Omit<Delivered, "after">, session: string): void {
    this.#takers.get(session)?.(delivered);
  }
}

interface Connected {
  readonly listener: string;
  readonly port?: number;
  readonly session: string;
}

/** A server and its doors. */
export class House implements Disposable {
  readonly doors: readonly Door[];
  readonly sessions: Sessions;
  /** Milliseconds after which what must come does not come any more. */
  patience = 60_000;
  readonly #server: Server;
  readonly #end: () => void;

  private constructor(server: Server, sessions: Sessions, doors: readonly Door[], end: () => void) {
    this.#server = server;
    this.sessions = sessions;
    this.doors = doors;
    this.#end = end;
  }

  /** Opens the doors. */
  static async open(): Promise<House> {
    const directory = new Directory();
    const sessions = new Sessions();
    const { log } = sessions;
    const certificates = await certificatesIn(directory, log);
    const listeners = await Listener.openAll([
      ...LISTENER_KINDS.map((kind) => ({ address: LOOPBACK, kind })),
      { address: { transport: "unix", path: directory.of("smtp") }, kind: "smtp" },
      { address: { transport: "unix", path: directory.of("lmtp") }, kind: "lmtp" },
      ...PROXIED.map((kind) => ({ address: LOOPBACK, kind })),
      { address: LOOPBACK, kind: "smtp" },
    ]);
    const proxied = listeners.slice(-PROXIED.length - 1, -1);
    const naming = listeners.at(-1);
    const optionsOf = (listener: Listener): ListenerOptions => ({
      limits: {},
      proxy: proxied.includes(listener) ? HERE : undefined,
      ...listener === naming ? { xclient: HERE, xclientLogin: true } : {},
    });
    const server = Server.start({
      hostname: HOSTNAME,
      listeners: new Map(listeners.map((listener) => [listener, optionsOf(listener)])),
      policy,
      limits: LIMITS,
      tolerated: {},
      descriptors: { connections: 1000, refused: 10, questions: 10 },
      secure: certificates,
      authentication: AUTHENTICATION,
      targets: targetsFor((delivered, session) => sessions.take(delivered, session)),
      globals: new MemoryStore(),
      memory: new Memory(DEFAULT_LIMITS.messageMemory),
      dns: new FakeDns(),
      log,
      submission: { domain: undefined, hidesClient: false },
      spoolDirectory: directory.path,
    });
    return new House(
      server,
      sessions,
      listeners.map((listener) => doorOf(listener, optionsOf(listener))),
      () => {
        server.kill();
        certificates[Symbol.dispose]();
        directory[Symbol.dispose]();
      },
    );
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#server.connections;
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}

const HERE = [Network.parse("127.0.0.1")];

/** The kinds of listeners for proxies. */
const PROXIED: readonly ListenerKind[] = ["smtp", "submissions"];

const LOOPBACK: ListenAddress = { transport: "tcp", hostname: "127.0.0.1", port: 0 };

const AUTHENTICATION: Authentication = {
  mechanisms,
  passwords,
  listeners: LISTENER_KINDS,
  clearLoopback: true,
};

async function certificatesIn(directory: Directory, log: Log): Promise<Certificates> {
  const { certificate, key } = await selfSigned([HOSTNAME], 30);
  const files = {
    certificate: directory.write("cert.pem", certificate),
    key: directory.write("key.pem", key),
  };
  const settings = {
    minimum: "TLSv1.2",
    clientCertificates: "off",
    certificates: [files],
  } as const;
  return new Certificates(settings, HOSTNAME, log);
}

const doorOf = (
  { name, kind }: Listener,
  { proxy, xclient }: Pick<ListenerOptions, "proxy" | "xclient">,
): Door => ({
  name,
  proxied: proxy !== undefined,
  address: parseListen(name),
  world: {
    limits: LIMITS,
    tls: true,
    xclient: xclient === undefined ? "no" : "with login",
    encrypted: kind === "submissions",
    auth: "always",
    peer: name.startsWith("unix:") ? "unix" : "[127.0.0.1]",
    binary: false,
    kind,
  },
});
