/**
 * The control socket: operators reach the queue of the running server by it, have it reload, and compare it with another
 * configuration. Who may connect is a matter of the permissions of the socket.
 * @module
 */
import type { Socket } from "node:net";
import { messageOf } from "../base/message_of.ts";
import { yieldToOthers } from "../base/turn.ts";
import type { Log } from "../log/event.ts";
import type { Listener } from "../net/listener.ts";
import type { OperatorsDesk } from "../queue/desk.ts";
import {
  type AnswerLine,
  LONGEST_REQUEST,
  parseRequest,
  type Request,
} from "./control_protocol.ts";
import type { Values } from "./fixed.ts";
import type { Reloaded } from "./reload.ts";
import type { Standing } from "./standing.ts";

/** Connections at once; further ones are told so. */
const MOST = 100;
/** Milliseconds in which a client must say what it wants, and for which it may keep its answer waiting. */
const PATIENCE = 30_000;

/** Answers operators, until it is disposed of. */
export class Control implements Disposable {
  readonly #listener: Listener;
  readonly #desk: OperatorsDesk;
  readonly #reload: () => Promise<Reloaded>;
  readonly #compare: (written: Values, fixed: Values) => Standing;
  readonly #log: Log;
  readonly #sockets = new Set<Socket>();

  /** Serves those who wait at a listener, and those who come. */
  constructor(
    listener: Listener,
    { desk, reload, compare, log }: {
      readonly desk: OperatorsDesk;
      readonly reload: () => Promise<Reloaded>;
      readonly compare: (written: Values, fixed: Values) => Standing;
      readonly log: Log;
    },
  ) {
    this.#listener = listener;
    this.#desk = desk;
    this.#reload = reload;
    this.#compare = compare;
    this.#log = log;
    listener.serve({
      accepted: (socket) => this.#serve(socket),
      failed: (listen, error) => log("listener failed", { listen, error }),
    });
  }

  /** Ends. What has begun in the store goes on; its clients learn no outcome. */
  [Symbol.dispose](): void {
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #serve(socket: Socket): Promise<void> {
    socket.on("error", () => {}); // a client that is gone
    socket.on("timeout", () => socket.destroy());
    socket.setTimeout(PATIENCE);
    const isOneTooMany = this.#sockets.size >= MOST;
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    try {
      if (isOneTooMany) throw new Error(`more than ${MOST} operators ask at once: try again`);
      const line = await requestOf(socket);
      if (line === "") return; // somebody only wanted to know whether anybody listens
      const request = parseRequest(line);
      socket.setTimeout(0); // the store takes as long as it takes
      await this.#answer(socket, request);
    } catch (error) {
      await say(socket, [{ error: messageOf(error) }]);
    } finally {
      socket.destroySoon(); // after what was written
    }
  }

  async #answer(socket: Socket, request: Request): Promise<void> {
    switch (request.ask) {
      case "find": {
        const { filter, after, limit } = request;
        const { items, next } = await this.#desk.find(filter, after, limit);
        return await sayAll(socket, items, next);
      }
      case "change": {
        const { filter, change, page } = request;
        const { items, next } = await this.#desk.change(filter, change, page);
        if (!page.dryRun && items.length > 0) {
          this.#log("queue changed", { change: change.kind, recipients: items.length });
        }
        return await sayAll(socket, items, next);
      }
      case "stats":
        return await say(socket, [{ end: await this.#desk.stats() }]);
      case "head": {
        const head = await this.#desk.head(request.id, request.octets);
        return await say(socket, [{ end: head?.toBase64() }]);
      }
      case "trace":
        return await sayAll(socket, await this.#desk.trace(request.what, request.limit));
      case "reload":
        return await say(socket, [{ end: await this.#reload() }]);
      case "compare":
        return await say(socket, [{ end: this.#compare(request.written, request.fixed) }]);
    }
  }
}

/** Reads the line with the request; a client that says nothing has an empty one. */
async function requestOf(socket: Socket): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
    if (text.length > LONGEST_REQUEST) break;
  }
  if (text === "") return text;
  throw new Error("a request is one line of JSON, of at most 1 MiB");
}

/** The items that are written at once, between two turns of others. */
const PIECE = 50;

async function sayAll(socket: Socket, items: readonly unknown[], next?: number): Promise<void> {
  for (let at = 0; at < items.length && !socket.destroyed; at += PIECE) {
    await say(socket, items.slice(at, at + PIECE).map((item) => ({ item })));
    await yieldToOthers();
  }
  await say(socket, [{ end: next }]);
}

/** Writes lines, and waits until the client has read enough of them; or is gone. */
async function say(socket: Socket, lines: readonly AnswerLine[]): Promise<void> {
  if (socket.destroyed) return;
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  socket.setTimeout(PATIENCE);
  if (socket.write(text)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const event of ["drain", "close"]) socket.once(event, resolve);
  await promise;
  for (const event of ["drain", "close"]) socket.off(event, resolve);
}
