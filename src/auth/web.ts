/**
 * Web servers that are asked about users.
 * @module
 */
import { messageOf } from "../base/message_of.ts";

/** Octets of an answer. */
const LONGEST = 1_048_576;

/** An address on the web, and what is needed to ask there. */
export interface WebAddress {
  readonly url: URL;
  /** Certificates in PEM that the server's may lead to, besides those that the system trusts. */
  readonly ca?: string | undefined;
}

/** What a web server answers. */
export interface WebAnswer {
  /** The code of HTTP. */
  readonly status: number;
  readonly body: string;
}

/** A web server, with the connections to it. */
export class WebServer implements Disposable {
  readonly #url: URL;
  readonly #ca: string | undefined;
  #client: Deno.HttpClient | undefined;

  constructor({ url, ca }: WebAddress) {
    this.#url = url;
    this.#ca = ca;
  }

  /** Its name in the log, which has none of the path and the query: a secret may be there. */
  get name(): string {
    return this.#url.origin;
  }

  /** Asks. No redirection is followed, since it could lead the question anywhere. */
  async ask(request: RequestInit, signal: AbortSignal): Promise<WebAnswer> {
    try {
      this.#client ??= Deno.createHttpClient(this.#ca === undefined ? {} : { caCerts: [this.#ca] });
      const how = { redirect: "manual", client: this.#client, signal } as const;
      const response = await fetch(this.#url, { ...request, ...how });
      return { status: response.status, body: await textOf(response) };
    } catch (error) {
      signal.throwIfAborted();
      const { cause } = error as Error;
      throw new Error(messageOf(cause ?? error).replaceAll(this.#url.href, this.name));
    }
  }

  [Symbol.dispose](): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

async function textOf({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LONGEST) throw new Error("its answer is too long");
  }
  return text + decoder.decode();
}

/**
 * The object in an answer.
 *
 * @throws for any other answer than one of success with a JSON object
 */
export function objectIn({ status, body }: WebAnswer): Readonly<Record<string, unknown>> {
  if (status !== 200) throw new Error(`it answers ${status}`);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch { /* it is no object */ }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new Error("its answer is no JSON object");
}
