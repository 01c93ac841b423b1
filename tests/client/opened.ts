/**
 * Sessions with servers on this machine, in clear text.
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";
import type { Hop } from "../../src/client/hop.ts";
import { identify, type Login } from "../../src/client/login.ts";
import { ClientSession } from "../../src/client/session.ts";
import { TIMEOUTS } from "../../src/client/timeouts.ts";

/** A server on this machine. */
export const hopOf = (port: number): Hop => ({ scheme: "smtp", host: "localhost", port });

export const byPassword = (user: string, password: string): Login => ({
  user,
  credentials: () => Promise.resolve({ password }),
});
export const byToken = (user: string, token: string): Login => ({
  user,
  credentials: () => Promise.resolve({ token }),
});

/**
 * Opens a session.
 *
 * @param address where the server seems to be
 */
export async function opened(
  hop: Hop,
  login?: Login,
  address = "127.0.0.1",
): Promise<ClientSession> {
  const socket = hop.host.startsWith("unix:")
    ? connect(hop.host.slice("unix:".length))
    : connect(hop.port, "127.0.0.1");
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const identity = login && await identify(login, hop);
  return await ClientSession.open(
    { socket, address },
    {
      ...{ hop, name: "client.example.org", identity, timeouts: TIMEOUTS },
      requirement: { level: "none" },
      secure: () => Promise.reject(new Error("no TLS here")),
    },
    new AbortController().signal,
  );
}

/** Logs in; gives why that failed, or `in`. */
export async function logIn(hop: Hop, login: Login, address?: string): Promise<string> {
  try {
    const session = await opened(hop, login, address);
    await session.quit();
    return "in";
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
}

/** A server that greets, offers these mechanisms, and answers each line from AUTH on as it is told. */
export class Scripted implements AsyncDisposable {
  /** The lines from AUTH on. */
  readonly lines: string[] = [];
  port = 0;
  readonly #server;

  constructor(offer: string, answer: (line: string, lines: readonly string[]) => string) {
    this.#server = createServer((socket: Socket) => {
      let text = "";
      socket.on("error", () => {});
      socket.write("220 scripted\r\n");
      socket.on("data", (data) => {
        text += data;
        for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
          const line = text.slice(0, end);
          text = text.slice(end + 2);
          if (line.startsWith("EHLO")) socket.write(`250-scripted\r\n250 ${offer}\r\n`);
          else if (line === "QUIT") socket.end("221 bye\r\n");
          else {
            this.lines.push(line);
            socket.write(`${answer(line, this.lines)}\r\n`);
          }
        }
      });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.port = (this.#server.address() as { port: number }).port;
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
