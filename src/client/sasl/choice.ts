/**
 * Which mechanism a client uses.
 * @module
 */
import type { ClientMechanism, Identity } from "./mechanism.ts";
import { scram } from "./scram.ts";
import { login, oauthBearer, type Password, plain, type Token, xoauth2 } from "./simple.ts";

interface Choice<P> {
  readonly name: string;
  /** Whether who reads along learns the secret. */
  readonly shows: boolean;
  readonly make: (proof: P) => ClientMechanism;
}

/** The strongest first. */
const BY_PASSWORD: readonly Choice<Password>[] = [
  { name: "SCRAM-SHA-256", shows: false, make: (proof) => scram("sha256", proof) },
  { name: "SCRAM-SHA-1", shows: false, make: (proof) => scram("sha1", proof) },
  { name: "PLAIN", shows: true, make: plain },
  { name: "LOGIN", shows: true, make: login },
];

const BY_TOKEN: readonly Choice<Token>[] = [
  { name: "OAUTHBEARER", shows: true, make: oauthBearer },
  { name: "XOAUTH2", shows: true, make: xoauth2 },
];

/**
 * The strongest mechanism that fits; a text for people if there is none, which says why.
 *
 * @param offered the parameters of the extension AUTH
 * @param isPrivate whether nobody else reads the connection: it is encrypted, or does not leave the machine
 */
export function mechanismFor(
  offered: readonly string[],
  identity: Identity,
  isPrivate: boolean,
): ClientMechanism | string {
  const { credentials } = identity;
  return "token" in credentials
    ? choose(BY_TOKEN, offered, { ...identity, token: credentials.token }, isPrivate)
    : choose(BY_PASSWORD, offered, { ...identity, password: credentials.password }, isPrivate);
}

function choose<P>(
  all: readonly Choice<P>[],
  offered: readonly string[],
  proof: P,
  isPrivate: boolean,
): ClientMechanism | string {
  const names = new Set(offered.map((name) => name.toUpperCase()));
  const usable = all.filter(({ name }) => names.has(name));
  const best = usable.find(({ shows }) => isPrivate || !shows);
  if (best !== undefined) return best.make(proof);
  if (names.size === 0) return isPrivate ? "it offers no AUTH" : "it offers no AUTH without TLS";
  if (usable.length > 0) return "without TLS, others could read the password or the token";
  const known = all.map(({ name }) => name).join(", ");
  return `of AUTH it offers only ${[...names].join(", ")}, and none of ${known}`;
}
