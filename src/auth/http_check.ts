/**
 * Passwords that a web server checks.
 * @module
 */
import { checkedBy, type Claim, Elsewhere } from "./elsewhere.ts";
import { type Passwords, WRONG } from "./exchange.ts";
import { objectIn, type WebAddress, WebServer } from "./web.ts";

/** Questions at once. */
const MOST = 100;

/** The web server and what it is told. */
export interface HttpCheckOptions extends WebAddress {
  /** A token for the web server; it may change. */
  readonly token?: (() => string) | undefined;
}

/**
 * Asks a web server by POST, with a JSON object: `user`, `password`, the client's `address`, and the kind of the
 * `listener`. The answer 200 with an object means that the password is right, and its `user` is the user, if it has
 * one; 401 and 403 mean that it is wrong.
 */
export function httpCheck({ token, ...address }: HttpCheckOptions): Passwords & Disposable {
  const server = new WebServer(address);
  const check = async ({ user, password, client }: Claim, signal: AbortSignal) => {
    const headers = {
      "content-type": "application/json",
      ...token === undefined ? {} : { authorization: `Bearer ${token()}` },
    };
    const body = { user, password, address: client.peer.address, listener: client.listener.kind };
    const answer = await server.ask(
      { method: "POST", headers, body: JSON.stringify(body) },
      signal,
    );
    if (answer.status === 401 || answer.status === 403) return WRONG;
    const { user: named = user } = objectIn(answer);
    if (typeof named !== "string") throw new Error("the `user` of its answer is no text");
    return { user: named };
  };
  return {
    ...checkedBy(new Elsewhere(`the HTTP check at ${server.name}`, MOST), check),
    [Symbol.dispose]: () => server[Symbol.dispose](),
  };
}
