/**
 * HTTP-01 (RFC 8555 section 8.3): a server for the pages that an authority asks for, and for nothing else.
 * @module
 */
import type { Socket } from "node:net";
import type { Listener } from "../net/listener.ts";
import type { Challenge, Challenges } from "./settings.ts";

/** Octets that a request may have. */
const LONGEST = 8192;
/** Milliseconds that a client may take in all. */
const PATIENCE = 10_000;
/** Clients at once. One more drives out the one that was there first: whoever is slow cannot keep the authority out. */
const MOST = 50;
/** Between orders, and for whoever asks for something else, there is nothing. */
const NOTHING = "There is nothing here.\n";

/** Serves the pages for the orders that are being made. */
export class HttpChallenges implements Challenges {
  readonly #listener: Listener;
  readonly #pages = new Map<string, string>();
  readonly #clients = new Set<Socket>();

  /** @param failed called with the listener's name and what is wrong with it */
  constructor(listener: Listener, failed: (listener: string, error: string) => void) {
    this.#listener = listener;
    listener.serve({ accepted: (socket) => this.#accept(socket), failed });
  }

  async add({ name, value }: Challenge): Promise<void> {
    this.#pages.set(`/.well-known/acme-challenge/${name}`, value);
    await this.#listener.revive();
  }

  remove({ name }: Challenge): Promise<void> {
    this.#pages.delete(`/.well-known/acme-challenge/${name}`);
    return Promise.resolve();
  }

  #accept(socket: Socket): void {
    if (this.#clients.size >= MOST) this.#dropFirst();
    this.#clients.add(socket);
    const timer = setTimeout(() => socket.destroy(), PATIENCE);
    let request = "";
    socket.setEncoding("latin1");
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      this.#clients.delete(socket);
    });
    socket.on("data", (text: string) => {
      request += text;
      const isWhole = /\r?\n\r?\n/.test(request);
      if (!isWhole && request.length < LONGEST) return;
      socket.removeAllListeners("data");
      socket.resume(); // unread input would turn the response into a reset
      socket.end(
        isWhole ? this.#respond(request) : response("431 Request Header Fields Too Large"),
      );
    });
  }

  #dropFirst(): void {
    const [first] = this.#clients;
    this.#clients.delete(first!); // it may take a moment until it is closed
    first!.destroy();
  }

  #respond(request: string): string {
    const [, method, path] = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r?\n/.exec(request) ?? [];
    if (path === undefined) return response("400 Bad Request");
    if (method !== "GET") return response("405 Method Not Allowed");
    const page = this.#pages.get(path);
    return page === undefined ? response("404 Not Found") : response("200 OK", page);
  }
}

const response = (status: string, page: string = NOTHING): string =>
  [
    `HTTP/1.1 ${status}`,
    "Content-Type: text/plain",
    `Content-Length: ${page.length}`,
    "Connection: close",
    "",
    page,
  ].join("\r\n");
