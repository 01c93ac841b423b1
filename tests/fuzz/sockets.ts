/**
 * A session with a real server over a socket.
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { until } from "../running.ts";
import { type Delivered, Recording } from "./heard.ts";
import type { Door, House } from "./house.ts";
import { examine } from "./model.ts";
import type { Header } from "./proxy.ts";
import type { Random } from "./random.ts";
import type { Plan } from "./run.ts";
import { cut } from "./transcripts.ts";
import type { World } from "./world.ts";

/** The beginning of an alert of TLS, which no reply has. */
const ALERT = "\x15\x03";

/** One session. */
export class SocketSession {
  readonly #house: House;
  readonly #world: World;
  readonly #random: Random;
  #socket: Socket | TLSSocket;
  /** The session so far. */
  readonly heard: Recording = new Recording();
  /** The server has taken what was sent too early for a handshake. */
  #isAlerted = false;
  #forget = () => {};

  private constructor(house: House, world: World, random: Random, socket: Socket) {
    this.#house = house;
    this.#world = world;
    this.#random = random;
    this.#socket = socket;
  }

  /** Connects. */
  static async open(house: House, door: Door, plan: Plan, random: Random): Promise<SocketSession> {
    const { address } = door;
    if (address.transport === "fd") throw new TypeError("nobody can connect to a descriptor");
    const allowHalfOpen = true;
    const socket = connect(
      address.transport === "tcp"
        ? { host: "127.0.0.1", port: address.port, allowHalfOpen }
        : { path: address.path, allowHalfOpen },
    );
    const { world, header } = plan;
    const session = new SocketSession(house, world, random, socket);
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    if (header !== undefined) await session.#announce(header);
    if (world.silent) {
      session.#listen();
      return session;
    }
    const own = address.transport === "tcp" ? socket.localPort! : 0;
    const port = header?.client?.port ?? own;
    const take = (delivered: Omit<Delivered, "after">) =>
      session.heard.delivered.push({ ...delivered, after: session.heard.said.length });
    session.#forget = await until(
      "the server sees the client",
      () => house.sessions.watch(door.name, port, take),
    );
    if (!world.encrypted) session.#listen();
    else if (!await session.#handshake()) throw new Error("no handshake");
    return session;
  }

  /** Says, as a proxy does, whose the connection is. */
  async #announce({ octets }: Header): Promise<void> {
    for (const piece of cut(octets, this.#random)) {
      this.#socket.write(Buffer.from(piece, "latin1"));
      await this.idle();
    }
  }

  async write(octets: string): Promise<void> {
    if (/STARTTLS/i.test(this.heard.sent.slice(this.heard.secured.at(-1)?.at ?? 0))) {
      await this.settle();
    }
    if (this.heard.closed) return;
    this.heard.sent += octets;
    this.#socket.write(Buffer.from(octets, "latin1"));
  }

  async end(): Promise<void> {
    // Over TLS 1.3, a client that half-closes together with its part of the handshake gets no answers.
    if (this.#socket instanceof TLSSocket) await this.settle();
    if (this.heard.client === "there") this.#socket.end();
    this.heard.client = "done";
  }

  async vanish(): Promise<void> {
    if (this.heard.client !== "gone") await this.idle();
    this.heard.client = "gone";
    if (this.#random.chance(0.5) && "resetAndDestroy" in this.#socket) {
      (this.#socket as Socket).resetAndDestroy();
    } else this.#socket.destroy();
    this.heard.closed = true;
    this.#socket.removeAllListeners("data");
  }

  /** Waits until what must come is there, and speaks TLS once the server is ready for it. */
  async settle(): Promise<void> {
    for (const end = Date.now() + this.#house.patience; Date.now() < end;) {
      const { fault, securing } = examine(this.#world, this.heard);
      if (fault === undefined && securing === undefined) return;
      if (fault === undefined && this.heard.client !== "there") return;
      if (this.#isAlerted) {
        this.heard.secured.push({ at: this.heard.sent.length, ok: false });
        this.heard.closed = true;
      } else if (fault === undefined && !this.heard.closed) {
        const ok = await this.#handshake();
        if (!ok && securing === this.heard.sent.length) throw new Error("the handshake failed");
        continue;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  idle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#random.below(3)));
  }

  /** Waits until nothing is left of the session. */
  async outlived(): Promise<string | undefined> {
    this.#socket.destroy();
    const end = Date.now() + this.#house.patience;
    while (this.#house.connections > 0 && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    this.#forget();
    return this.#house.connections === 0 ? undefined : "the server keeps the connection";
  }

  #listen(): void {
    const over = () => {
      this.heard.closed = true;
      this.#socket.end();
    };
    this.#socket.on("data", (chunk) => {
      const [words = "", alert] = chunk.toString("latin1").split(ALERT);
      if (!this.#isAlerted) this.heard.said += words;
      if (alert !== undefined) this.#isAlerted = true;
    });
    this.#socket.on("end", over).on("close", over).on("error", () => {});
  }

  async #handshake(): Promise<boolean> {
    const clear = this.#socket;
    clear.removeAllListeners().on("error", () => {});
    const at = this.heard.sent.length;
    const socket = connectTls({ socket: clear, rejectUnauthorized: false });
    this.#socket = socket;
    const ok = await new Promise<boolean>((resolve) => {
      socket.once("secureConnect", () => resolve(true));
      for (const event of ["close", "end", "error"]) socket.once(event, () => resolve(false));
    });
    if (!this.#world.encrypted) this.heard.secured.push({ at, ok });
    if (!ok) this.heard.closed = true;
    this.#listen();
    return ok;
  }
}
