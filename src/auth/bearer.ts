/**
 * The mechanisms that carry an access token of OAuth 2.0: OAUTHBEARER (RFC 7628) and XOAUTH2, which is Google's.
 * @module
 */
import { Elsewhere } from "./elsewhere.ts";
import { bytesOf, type Exchange, type Mechanism, notFor, NOTHING, textOf } from "./exchange.ts";
import { unescaped } from "./scram.ts";
import type { Tokens } from "./tokens.ts";

/** Tokens that are looked at at once. */
const MOST = 100;

/** What a client says. */
interface Said {
  /** Who the client wants to be; empty for whomever the token is for. */
  readonly user: string;
  readonly token: string;
}

const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

/** A form of the exchange. */
interface Form {
  readonly name: string;
  readonly wanted: string;
  readonly read: (text: string) => Said | undefined;
  /** What a client is told whose token is refused, as JSON; it answers, and gets the reply. */
  readonly refusal: Readonly<Record<string, string>>;
}

const OAUTHBEARER: Form = {
  name: "OAUTHBEARER",
  wanted: "OAUTHBEARER wants n,a=USER, and auth=Bearer TOKEN (RFC 7628)",
  read: (text) => {
    // deno-lint-ignore no-control-regex -- the separator of the standard
    const [, name = "", pairs] = /^[ny],(?:a=([^,]+))?,\x01((?:[A-Za-z]+=[^\x01]*\x01)*)\x01$/
      .exec(text) ?? [];
    const user = unescaped(name);
    const auth = pairs?.split("\x01").find((pair) => /^auth=/i.test(pair))?.slice("auth=".length);
    const token = auth === "" ? "" : BEARER.exec(auth ?? "")?.[1];
    return user === undefined || token === undefined ? undefined : { user, token };
  },
  refusal: { status: "invalid_token" },
};

const XOAUTH2: Form = {
  name: "XOAUTH2",
  wanted: "XOAUTH2 wants user=USER and auth=Bearer TOKEN",
  read: (text) => {
    // deno-lint-ignore no-control-regex -- the separator of the mechanism
    const [, user, auth = ""] = /^user=([^\x01]+)\x01auth=([^\x01]*)\x01\x01$/i.exec(text) ?? [];
    const token = BEARER.exec(auth)?.[1];
    return user === undefined || token === undefined ? undefined : { user, token };
  },
  refusal: { status: "401", schemes: "bearer" },
};

/**
 * The mechanisms OAUTHBEARER and XOAUTH2.
 *
 * @param name for the log: who knows whether tokens are good
 * @param scope for clients whose token is refused
 */
export function bearerMechanisms(
  name: string,
  tokens: Tokens,
  scope: string | undefined,
): readonly Mechanism[] {
  const elsewhere = new Elsewhere(name, MOST);
  return [OAUTHBEARER, XOAUTH2].map((form) => ({
    name: form.name,
    async *start(client): Exchange {
      const said = form.read(textOf(yield NOTHING) ?? "");
      if (said === undefined) return { malformed: form.wanted };
      const found = await elsewhere.ask(client, (signal) => tokens.check(said.token, signal));
      const user = "user" in found ? found.user : said.user;
      const verdict = said.user === "" || said.user === user ? found : notFor(user);
      if ("refused" in verdict) {
        yield bytesOf(JSON.stringify({ ...form.refusal, ...scope === undefined ? {} : { scope } }));
      }
      return { user, verdict };
    },
  }));
}
