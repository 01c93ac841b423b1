/**
 * The mechanisms that send the password itself: PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login).
 * @module
 */
import { Secret } from "../base/secret.ts";
import { bytesOf, type Exchange, type Mechanism, notFor, NOTHING, textOf } from "./exchange.ts";

/** PLAIN: `authorization NUL user NUL password`, in one response. */
export const PLAIN: Mechanism = {
  name: "PLAIN",
  async *start(): Exchange {
    const parts = textOf(yield NOTHING)?.split("\0");
    const [authorization = "", user = "", password = ""] = parts ?? [];
    if (parts?.length !== 3 || user === "" || password === "") {
      return { malformed: "PLAIN wants NUL, the user, NUL and the password" };
    }
    return authorization === "" || authorization === user
      ? { user, password: new Secret(password) }
      : { user, verdict: notFor(user) };
  },
};

/** LOGIN: the user and the password in a response each. */
export const LOGIN: Mechanism = {
  name: "LOGIN",
  async *start(): Exchange {
    const user = textOf(yield bytesOf("Username:"));
    const password = textOf(yield bytesOf("Password:"));
    return user && password
      ? { user, password: new Secret(password) }
      : { malformed: "LOGIN wants the user, then the password" };
  },
};
