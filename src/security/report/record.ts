/**
 * The record by which a domain wants reports of TLS (RFC 8460 section 3).
 * @module
 */
import { Mailbox } from "../../smtp/mailbox.ts";
import { isAscii } from "../../smtp/unicode.ts";

/** Where a report goes. */
export type ReportAddress = { readonly mail: Mailbox } | { readonly url: URL };

/** The most addresses of a domain that get its report. */
const MOST = 4;

/**
 * The addresses that want reports; none unless exactly one record is of TLS reports, and that one is well-formed.
 *
 * @param texts the TXT records of `_smtp._tls.DOMAIN`, each as its strings
 */
export function reportAddresses(texts: readonly (readonly string[])[]): readonly ReportAddress[] {
  const records = texts.map((strings) => strings.join("")).filter((text) => VERSION.test(text));
  if (records.length !== 1) return [];
  const fields = records[0]!.split(";").slice(1).map((field) => field.trim());
  const rua = fields.find((field) => field.startsWith("rua="))?.slice("rua=".length) ?? "";
  return rua.split(",").flatMap((uri) => addressIn(uri.trim()) ?? []).slice(0, MOST);
}

const VERSION = /^v=TLSRPTv1[ \t]*;/;

function addressIn(uri: string): ReportAddress | undefined {
  try {
    const url = new URL(uri);
    if (url.protocol === "https:") return { url };
    if (url.protocol === "mailto:") {
      const mail = Mailbox.parse(decodeURIComponent(url.pathname));
      return isAscii(String(mail)) ? { mail } : undefined;
    }
  } catch { /* it is no address */ }
  return undefined;
}
