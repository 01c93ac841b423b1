/**
 * The mechanisms that send the password or the token itself: PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login),
 * OAUTHBEARER (RFC 7628) and XOAUTH2, which is Google's and Microsoft's.
 * @module
 */
import { bytesOf, NOTHING } from "../../auth/exchange.ts";
import { escaped } from "../../auth/scram.ts";
import { type ClientMechanism, type Identity, SaslFault } from "./mechanism.ts";

/** A user and a password. */
export type Password = Pick<Identity, "user"> & { readonly password: string };
/** A user and a token, and the server that gets them. */
export type Token = Omit<Identity, "credentials"> & { readonly token: string };

export const plain = ({ user, password }: Password): ClientMechanism => ({
  name: "PLAIN",
  initial: bytesOf(`\0${user}\0${password}`),
  respond: () => {
    throw new SaslFault("it asks after all was said");
  },
});

/** The user, then the password, whatever the server calls them. */
export function login({ user, password }: Password): ClientMechanism {
  const answers = [user, password];
  return {
    name: "LOGIN",
    respond: () => {
      const answer = answers.shift();
      if (answer === undefined) throw new SaslFault("it asks after all was said");
      return bytesOf(answer);
    },
  };
}

/** A challenge is a JSON object that says what is wrong with the token; after the answer comes the reply. */
export const oauthBearer = ({ user, token, host, port }: Token): ClientMechanism => ({
  name: "OAUTHBEARER",
  initial: bytesOf(
    `n,a=${escaped(user)},\x01host=${host}\x01port=${port}\x01auth=Bearer ${token}\x01\x01`,
  ),
  respond: () => bytesOf("\x01"),
});

/** As OAUTHBEARER, but the answer is empty. */
export const xoauth2 = ({ user, token }: Token): ClientMechanism => ({
  name: "XOAUTH2",
  initial: bytesOf(`user=${user}\x01auth=Bearer ${token}\x01\x01`),
  respond: () => NOTHING,
});
