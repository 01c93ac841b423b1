/**
 * Chains of certificates that a server presents (RFC 5280 section 6.1), for anchors that the runtime knows nothing of.
 * @module
 */
import { type Certificate, untimely } from "./certificate.ts";

/** Where a chain may end. */
export interface Anchors {
  /** Whether a certificate that the server presents is one. */
  isAnchor(certificate: Certificate): boolean;
  /** Whether one that the server does not present has signed this certificate. */
  hasSigned(certificate: Certificate): boolean;
}

/** A certificate of a chain on the way to its end. */
interface Step {
  readonly certificate: Certificate;
  /** How many authorities are below it. */
  readonly below: number;
}

/**
 * Whether the first certificate leads to an anchor by certificates that the server presents, all of them valid now.
 * Authorities whose names are constrained do not count: their constraints are not checked.
 *
 * @param presented the server's own first
 * @param now `undefined` if it does not matter when they are valid
 */
export function leadsToAnchor(
  presented: readonly Certificate[],
  { isAnchor, hasSigned }: Anchors,
  now: number | undefined,
): boolean {
  const isTimely = (one: Certificate) => now === undefined || untimely(one, now) === undefined;
  const [own, ...others] = presented;
  if (own === undefined || !isTimely(own) || !own.forServers) return false;
  const left = new Set(others.filter(isTimely));
  const steps: Step[] = [{ certificate: own, below: 0 }];
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    const { certificate, below } = step;
    if (hasSigned(certificate)) return true;
    for (const issuer of [...left].filter((one) => hasIssued(one, certificate))) {
      if (isAnchor(issuer)) return true;
      if (!mayIssue(issuer, below)) continue;
      left.delete(issuer);
      steps.push({ certificate: issuer, below: below + 1 });
    }
  }
  return false;
}

const mayIssue = ({ authority, constrained, forServers }: Certificate, below: number): boolean =>
  authority !== undefined && below <= authority.below && !constrained && forServers;

/** Whether one certificate has issued the other: by their names, and by the signature. */
export const hasIssued = ({ x509: issuer }: Certificate, { x509 }: Certificate): boolean =>
  x509.checkIssued(issuer) && x509.verify(issuer.publicKey);
