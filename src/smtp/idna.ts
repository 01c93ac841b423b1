/**
 * Internationalized names of domains (IDNA, RFC 5890): a name in U-labels, `bücher.example`, and in A-labels,
 * `xn--bcher-kva.example`, is one name.
 * @module
 */
import { domainToASCII, domainToUnicode } from "node:url";
import { lower } from "./ascii.ts";
import { composed, isAscii, isHarmless } from "./unicode.ts";

/** A name of LDH labels and A-labels; underscores may be tolerated. */
const ASCII_NAME = /^(?!.{256})(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.(?!$)|$))+$/;

/**
 * A name of a domain in lower case and A-labels: the form in which names are compared and looked up.
 *
 * A label beyond ASCII must be a U-label in any case: what it stands for must be what it says. So a character that the
 * mapping of UTS 46 would turn into another, such as a dot or an `@` of full width, makes no name.
 *
 * @returns `undefined` for a name beyond ASCII that is no internationalized name; any ASCII is left as it is
 */
export function asciiName(name: string): string | undefined {
  if (isAscii(name)) return lower(name);
  const said = composed(name).toLowerCase().split(".");
  const ascii = domainToASCII(said.join("."));
  const labels = ascii.split(".");
  return isHarmless(name) && ASCII_NAME.test(ascii) && said.length === labels.length &&
      said.every((label, i) => isAscii(label) || isULabel(label, labels[i]!))
    ? ascii
    : undefined;
}

/** True for a U-label and its A-label (RFC 5891 section 4.2). */
const isULabel = (label: string, ascii: string): boolean =>
  ascii.startsWith("xn--") && !/^..--|_/u.test(label) && domainToUnicode(ascii) === label;
