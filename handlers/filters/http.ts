/**
 * Filters that are asked by HTTP.
 * @module
 */
import { Buffer } from "node:buffer";
import { type IncomingMessage, request as requestHttp, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { faultOf, FilterFault } from "./failure.ts";

/** A question that is posted. */
export interface Post {
  /** Where to: `host` and `port`, or `socketPath`; `path`; `headers`. */
  readonly to: Pick<RequestOptions, "host" | "port" | "socketPath" | "path" | "headers">;
  /** Whether it goes over TLS. */
  readonly tls?: boolean;
  readonly question: AsyncIterable<Uint8Array>;
  /** The most octets of an answer. */
  readonly most: number;
  readonly signal: AbortSignal;
}

/**
 * Posts over a connection of its own, and returns the body of the answer, which must have the status 200. A filter may
 * answer before it has all of the question.
 *
 * @throws {FilterFault}
 */
export async function post({ to, tls = false, question, most, signal }: Post): Promise<Buffer> {
  const answer = Promise.withResolvers<Buffer>();
  const fail = (error: unknown) => answer.reject(faultOf(error));
  let room = Promise.withResolvers<void>();
  let isOver = false;
  const request = (tls ? requestHttps : requestHttp)({ ...to, method: "POST", agent: false });
  request.on("error", fail);
  request.on("close", () => fail(new FilterFault("it closes the connection without an answer")));
  request.on("drain", () => room.resolve());
  request.on("response", (response) => read(response, most).then(answer.resolve, fail));
  const leave = () => fail(new FilterFault("nobody waits for it any more"));
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();

  const writing = (async () => {
    for await (const chunk of question) {
      if (isOver) return;
      if (request.write(chunk)) continue;
      await room.promise;
      room = Promise.withResolvers();
    }
    if (!isOver) request.end();
  })();
  writing.catch(answer.reject);
  try {
    return await answer.promise;
  } finally {
    isOver = true;
    room.resolve();
    signal.removeEventListener("abort", leave);
    request.destroy();
    await writing.catch(() => {});
  }
}

async function read(response: IncomingMessage, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let octets = 0;
  for await (const piece of response) {
    octets += piece.length;
    if (octets > most) throw new FilterFault("its answer is too long");
    pieces.push(piece);
  }
  if (!response.complete) throw new FilterFault("its answer breaks off");
  const whole = Buffer.concat(pieces);
  if (response.statusCode === 200) return whole;
  const text = whole.toString("utf8").slice(0, 200);
  throw new FilterFault(`it answers ${response.statusCode} ${JSON.stringify(text)}`);
}

/**
 * The JSON of an answer.
 *
 * @throws {FilterFault}
 */
export function parseAnswer(octets: Buffer): unknown {
  try {
    return JSON.parse(octets.toString("utf8"));
  } catch {
    throw new FilterFault("its answer is no JSON");
  }
}
