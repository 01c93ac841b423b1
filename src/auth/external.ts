/**
 * EXTERNAL (RFC 4422 appendix A): the client's certificate has said already who it is.
 * @module
 */
import type { PeerCertificate } from "../handler/tls.ts";
import { type AuthClient, type Mechanism, notFor, NOTHING, textOf, WRONG } from "./exchange.ts";

/** Whose certificates are whose. */
export interface CertificateUsers {
  /** Users by the subjects of their certificates, as {@linkcode PeerCertificate.subject} has them. */
  readonly subjects: ReadonlyMap<string, string>;
  /** Users by the fingerprints of their certificates, as {@linkcode PeerCertificate.fingerprint} has them. */
  readonly fingerprints: ReadonlyMap<string, string>;
}

/** EXTERNAL, for clients with a certificate that the server trusts and that is a user's. */
export function external(users: CertificateUsers): Mechanism {
  const userOf = ({ tls }: Pick<AuthClient, "tls">): string | undefined =>
    tls?.peer?.trusted ? find(tls.peer, users) : undefined;
  return {
    name: "EXTERNAL",
    isFor: (client) => userOf(client) !== undefined,
    async *start(client) {
      const user = userOf(client);
      const authorization = textOf(yield NOTHING);
      if (authorization === undefined || authorization.includes("\0")) {
        return { malformed: "EXTERNAL wants the name of a user, or nothing" };
      }
      if (user === undefined) return { user: authorization, verdict: WRONG };
      const verdict = authorization === "" || authorization === user ? { user } : notFor(user);
      return { user, verdict };
    },
  };
}

const find = (
  { subject, fingerprint }: PeerCertificate,
  { subjects, fingerprints }: CertificateUsers,
): string | undefined => fingerprints.get(fingerprint) ?? subjects.get(subject);
