/**
 * A real HTTPS server that answers as a test says.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { SelfSigned } from "../../src/tls/self_signed.ts";

/** Answers a request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An answer with a text. */
export const answering =
  (text: string, status = 200, type = "text/plain"): Answer => (_request, response) =>
    void response.writeHead(status, { "content-type": type }).end(text);

/** A server on a port of 127.0.0.1. */
export class HttpsServer {
  readonly #server: ReturnType<typeof createServer>;
  /** The requests so far: `GET mta-sts.example.net /path`. */
  readonly requests: string[] = [];
  answer: Answer;

  private constructor({ certificate: cert, key }: SelfSigned, answer: Answer) {
    this.answer = answer;
    this.#server = createServer({ cert, key }, (request, response) => {
      this.requests.push(`${request.method} ${request.headers.host} ${request.url}`);
      this.answer(request, response);
    });
    this.#server.on("tlsClientError", () => {});
  }

  static async start(certificate: SelfSigned, answer: Answer): Promise<HttpsServer> {
    const server = new HttpsServer(certificate, answer);
    await new Promise<void>((listening) => server.#server.listen(0, "127.0.0.1", listening));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
