/**
 * The client of an SMTP connection in tests: to a chain in this process, or to a live server.
 * @module
 */
import { connect } from "node:net";
import type { Handler } from "../handler/handler.ts";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { type ListenAddress } from "../net/address.ts";
import { encode } from "../smtp/ascii.ts";
import { assembleReply, parseReplyLine, type ReplyLine, type WireReply } from "../smtp/reply.ts";
import { dialogueOf, transportTo } from "./dialogue_of.ts";
import { FakeClock } from "./fake_clock.ts";
import { keeping, type Kept } from "./outbox.ts";
import type { SessionSetup } from "./session_of.ts";

/** Milliseconds to wait for a reply before a test fails. */
const PATIENCE = 10_000;

/** One connection. */
export class Client {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #hangUp: () => void;
  #received = "";
  #closed = false;
  #wake: (() => void) | undefined;
  /** The messages that the chain accepted. Empty for a live server. */
  readonly kept: readonly Kept[];

  private constructor(
    write: (bytes: Uint8Array) => void,
    hangUp: () => void,
    kept: readonly Kept[],
  ) {
    this.#write = write;
    this.#hangUp = hangUp;
    this.kept = kept;
  }

  /**
   * Connects to a chain in this process: the real engine around `policy`, without sockets. Nothing is delivered:
   * accepted messages are in {@linkcode kept}.
   */
  static of(policy: Handler, options: ClientOptions = {}): Client {
    const kept: Kept[] = [];
    const clock = options.clock ?? new FakeClock();
    const transport = transportTo((replies) => client.#take(replies), () => client.#end());
    // Without a clock of the test's own, time stands still.
    const limits = options.clock ? { ...options.limits } : { refusalDelay: 0, ...options.limits };
    const ground = { ...options, limits, clock, targets: keeping(kept) };
    const dialogue = dialogueOf(policy, ground, transport);
    const client: Client = new Client(
      (bytes) => dialogue.receive(bytes.slice()),
      () => dialogue.lost(),
      kept,
    );
    clock.watch(() => dialogue.checkDeadlines());
    dialogue.start();
    return client;
  }

  /**
   * Connects to a server, by TCP or a Unix socket.
   *
   * @param tls with it, over TLS from the first octet
   */
  static async connect(address: ListenAddress, tls?: ConnectionOptions): Promise<Client> {
    if (address.transport === "fd") throw new TypeError("nobody can connect to a descriptor");
    const clear = address.transport === "unix"
      ? connect(address.path)
      : connect(address.port, address.hostname);
    const socket = tls === undefined ? clear : connectTls({ socket: clear, ...tls });
    const client = new Client(
      (bytes) => void socket.write(bytes),
      () => void socket.destroy(),
      [],
    );
    await new Promise<void>((resolve, reject) => {
      socket.once(tls === undefined ? "connect" : "secureConnect", resolve);
      socket.once("error", reject);
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("data", (chunk) => client.#take(chunk.toString("latin1")));
    socket.on("close", () => client.#end());
    return client;
  }

  /** Sends bytes as they are, or a string as its Latin-1 bytes. */
  send(data: Uint8Array | string): void {
    this.#write(typeof data === "string" ? Uint8Array.from(data, (c) => c.charCodeAt(0)) : data);
  }

  /** Sends a command line, in UTF-8, and reads the reply to it. */
  command(line: string): Promise<WireReply> {
    this.send(encode(`${line}\r\n`));
    return this.reply();
  }

  /** The next line that the server sends, without CRLF; `undefined` if it has closed. */
  async line(): Promise<string | undefined> {
    while (true) {
      const end = this.#received.indexOf("\r\n");
      if (end >= 0) {
        const line = this.#received.slice(0, end);
        this.#received = this.#received.slice(end + 2);
        return line;
      }
      if (this.#closed) return undefined;
      await this.#more();
    }
  }

  /** The next reply. Throws if the server closes, or sends a line that is no reply. */
  async reply(): Promise<WireReply> {
    const parts: ReplyLine[] = [];
    do {
      const line = await this.line();
      if (line === undefined) {
        throw new Error("the server closed the connection instead of replying");
      }
      const part = parseReplyLine(line);
      if (part === undefined) throw new Error(`not a reply: ${JSON.stringify(line)}`);
      parts.push(part);
    } while (!parts.at(-1)?.last);
    const reply = assembleReply(parts);
    if (reply === undefined) throw new Error(`not one reply: ${JSON.stringify(parts)}`);
    return reply;
  }

  /** True once the server has closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Hangs up without QUIT. */
  hangUp(): void {
    this.#hangUp();
  }

  /** Hangs up. */
  [Symbol.dispose](): void {
    this.#hangUp();
  }

  #take(text: string): boolean {
    this.#received += text;
    this.#wake?.();
    return true;
  }

  #end(): void {
    this.#closed = true;
    this.#wake?.();
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const got = JSON.stringify(this.#received);
        reject(new Error(`no reply within ${PATIENCE / 1000} s; received so far: ${got}`));
      }, PATIENCE);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

/** The session of a client. All of it has defaults. */
export interface ClientOptions extends SessionSetup {
  /** The time of the session, of its deadlines, and of its own global variables. */
  readonly clock?: FakeClock;
}
