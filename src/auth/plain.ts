/**
 * The mechanisms that send the password itself: PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login).
 * @module
 */
import {
  bytesOf,
  type Exchange,
  type Mechanism,
  NOTHING,
  type Passwords,
  textOf,
} from "./exchange.ts";

/** PLAIN: `authorization NUL user NUL password`, in one response. */
export const plain = (passwords: Passwords): Mechanism => ({
  name: "PLAIN",
  async *start(): Exchange {
    const parts = textOf(yield NOTHING)?.split("\0");
    const [authorization = "", user = "", password = ""] = parts ?? [];
    if (parts?.length !== 3 || user === "" || password === "") {
      return { malformed: "PLAIN wants NUL, the user, NUL and the password" };
    }
    const verdict = await passwords.verify(user, password);
    if ("user" in verdict && authorization !== "" && authorization !== user) {
      return { refused: `${user} may not act for another user` };
    }
    return verdict;
  },
});

/** LOGIN: the user and the password in a response each. */
export const login = (passwords: Passwords): Mechanism => ({
  name: "LOGIN",
  async *start(): Exchange {
    const user = textOf(yield bytesOf("Username:"));
    const password = textOf(yield bytesOf("Password:"));
    return user && password
      ? await passwords.verify(user, password)
      : { malformed: "LOGIN wants the user, then the password" };
  },
});
