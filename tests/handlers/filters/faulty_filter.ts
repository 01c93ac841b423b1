/**
 * A filter that is ill in one way.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createServer, type Server, type Socket } from "node:net";
import { Directory } from "../../running.ts";

/** What it does with each connection. */
export interface Fault {
  /** False if it takes nothing. */
  readonly reads?: boolean;
  /** The octets that it must have before it speaks; one by default. */
  readonly least?: number;
  readonly says?: string;
  readonly then: "close" | "reset" | "hang" | "flood";
}

/** A server on a Unix socket. */
export class FaultyFilter implements AsyncDisposable {
  readonly #directory = new Directory();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The connections until now, those that are open, and the most that were at once. */
  connections = 0;
  open = 0;
  most = 0;
  /** The octets that it has taken. */
  octets = 0;

  private constructor(fault: Fault) {
    this.#server = createServer((socket) => this.#serve(socket, fault));
  }

  /** Starts it. */
  static async start(fault: Fault): Promise<FaultyFilter> {
    const filter = new FaultyFilter(fault);
    await new Promise<void>((resolve) =>
      filter.#server.listen(filter.#directory.of("socket"), resolve)
    );
    return filter;
  }

  get address(): string {
    return `unix:${this.#directory.of("socket")}`;
  }

  #serve(socket: Socket, { reads = true, least = 1, says = "", then }: Fault): void {
    this.#sockets.add(socket);
    this.connections++;
    this.most = Math.max(this.most, ++this.open);
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => {
      this.open--;
      this.#sockets.delete(socket);
    });
    if (!reads) return this.#notice(socket);
    const end = () => {
      if (says !== "") socket.write(Buffer.from(says, "latin1"));
      if (then === "close") socket.end();
      else if (then === "reset") socket.destroy();
      else if (then === "flood") flood(socket);
    };
    let got = 0;
    socket.on("data", ({ length }: Buffer) => {
      const before = got;
      got += length;
      this.octets += length;
      if (before < least && got >= least) end();
    });
  }

  /** Notices by a write that the other end is gone, without reading. */
  #notice(socket: Socket): void {
    socket.pause();
    const timer = setInterval(() => socket.write("\n"), 50);
    socket.on("close", () => clearInterval(timer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#directory[Symbol.dispose]();
  }
}

function flood(socket: Socket): void {
  const chunk = Buffer.alloc(64 * 1024, "x");
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
}
