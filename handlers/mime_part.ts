/**
 * What the header of a part says about its content (RFC 2045, 2046, 2183).
 *
 * @module
 */
import libmime from "libmime";
import type { Header, HeaderField } from "postmaster";

/** What is done with a part. */
export type Part =
  /** Parts between boundaries. */
  | { readonly kind: "multipart"; readonly boundary: string; readonly digest: boolean }
  | {
    readonly kind: "text";
    readonly html: boolean;
    readonly charset: string;
    readonly encoding: string;
    /** Lines flow, and the space at the end of them does not count. */
    readonly delSp: boolean;
  }
  /** Everything that is left alone. */
  | { readonly kind: "opaque" };

const OPAQUE: Part = { kind: "opaque" };

/** Octets of a field that is looked into, and parameters in it. */
const MAX_FIELD = 2048, MAX_PARAMETERS = 20;

const NAMES = ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"];

const isTooMuch = ({ raw }: HeaderField): boolean =>
  raw.length > MAX_FIELD || raw.split(";").length > MAX_PARAMETERS;

/**
 * What the part is. In doubt it is left alone: when a field comes twice, when it is a file, signed or encrypted.
 *
 * @param digest it is in a multipart/digest, whose parts are messages if they do not say what they are
 */
export function partOf(header: Header, digest: boolean): Part {
  if (!header.complete) return OPAQUE;
  const fields = NAMES.map((name) => header.all(name));
  if (fields.some((all) => all.length > 1 || all.some(isTooMuch))) return OPAQUE;
  const [type, encoding, disposition] = fields.map(([field]) => parse(field?.raw ?? ""));
  const fallback = digest ? "message/rfc822" : "text/plain";
  const file = disposition!.value.toLowerCase() === "attachment" ||
    "filename" in disposition!.params;
  const contentType = type!.value.toLowerCase() || fallback;
  if (file) return OPAQUE;
  if (contentType.startsWith("multipart/")) return multipart(contentType, type!.params);
  if (contentType !== "text/plain" && contentType !== "text/html") return OPAQUE;
  return {
    kind: "text",
    html: contentType === "text/html",
    charset: type!.params["charset"] || "us-ascii",
    encoding: encoding!.value.toLowerCase() || "7bit",
    delSp: [type!.params["format"], type!.params["delsp"]].join().toLowerCase() === "flowed,yes",
  };
}

function multipart(type: string, { boundary }: Readonly<Record<string, string>>): Part {
  const sealed = type === "multipart/signed" || type === "multipart/encrypted";
  // Section 5.1.1 of RFC 2046 allows 70 characters; a few more do no harm.
  const usable = boundary !== undefined && /^[ -~]{0,199}[!-~]$/.test(boundary);
  if (sealed || !usable) return OPAQUE;
  return { kind: "multipart", boundary, digest: type === "multipart/digest" };
}

/** The value and the parameters, comments aside. */
function parse(
  raw: string,
): { readonly value: string; readonly params: Readonly<Record<string, string>> } {
  const { value, params } = libmime.parseHeaderValue(raw.replace(/[\r\n]+/g, ""));
  return { value: value.replace(/\([^()]*\)/g, "").trim(), params };
}
