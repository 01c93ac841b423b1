/**
 * Names in the DNS.
 *
 * @module
 */

/** True for a name that the DNS can have (RFC 1035 section 2.3.4), in the form that people write. */
export function isDnsName(name: string): boolean {
  return name.length <= 253 && /^[!-~]+$/.test(name) &&
    name.split(".").every((label) => label.length > 0 && label.length <= 63);
}
