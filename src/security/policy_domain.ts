/**
 * Domains that can publish something about their mail.
 * @module
 */
import { isNumeric } from "../base/ip.ts";
import { canonicalName } from "../dns/name.ts";

/** The most octets of such a domain, so that `_smtp._tls.` before it is a name, too. */
const LONGEST = 240;

/**
 * The domain in the form in which names are compared; `undefined` if it can publish nothing, as an address. It can be
 * the name of a file.
 */
export function policyDomain(domain: string): string | undefined {
  const name = canonicalName(domain);
  return NAME.test(name) && name.length <= LONGEST && !isNumeric(name) ? name : undefined;
}

const NAME = /^[\w-]{1,63}(\.[\w-]{1,63})*$/;
