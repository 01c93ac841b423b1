/**
 * The parameters of MAIL and RCPT that a fuzzed server knows, and how long lines may be (RFC 1870, 4954, 6152).
 * @module
 */
import type { Envelope } from "./grammar.ts";
import type { World } from "./world.ts";

/** Octets of a line with its CRLF, by its verb. */
export function lineLimit(verb: string, { auth, xclient }: World): number {
  const isSecret = auth !== "no";
  if (verb === "MAIL") return 512 + 26 + 17 + 10 + (isSecret ? 500 : 0);
  if (verb === "XCLIENT" || verb === "XFORWARD") return xclient === "no" ? 512 : 512 + 1024;
  return verb === "AUTH" && isSecret ? 12_288 : 512;
}

/** Octets of the longest line of all. */
export const longestLimit = (world: World): number =>
  Math.max(...["MAIL", "AUTH", "XCLIENT"].map((verb) => lineLimit(verb, world)));

/** The code of the reply to parameters that are wrong or too much. */
export function parameterFault(
  { verb, parameters }: Envelope,
  { limits: { messageSize }, binary }: World,
  offersAuth: boolean,
): number | undefined {
  for (const [name, value] of parameters) {
    const fault = verb === "MAIL"
      ? faultInMail(name, value, messageSize, { offersAuth, binary })
      : 555;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultInMail(
  name: string,
  value: string | undefined,
  messageSize: number,
  { offersAuth, binary }: { readonly offersAuth: boolean; readonly binary: boolean },
): number | undefined {
  switch (name) {
    case "SIZE":
      if (value === undefined || !/^\d{1,20}$/.test(value)) return 501;
      return Number(value) > messageSize ? 552 : undefined;
    case "BODY":
      if (/^BINARYMIME$/i.test(value ?? "")) return binary ? undefined : 504;
      return /^(?:7BIT|8BITMIME)$/i.test(value ?? "") ? undefined : 504;
    case "SMTPUTF8":
      return value === undefined ? undefined : 501;
    case "AUTH":
      if (!offersAuth) return 555;
      return value === "<>" || /^(?:[!-*,-<>-~]|\+[2-7][0-9A-F])+$/.test(value ?? "") &&
          !value?.includes("+7F")
        ? undefined
        : 501;
    default:
      return 555;
  }
}

/** Whether the parameters of MAIL announce a message of any octets (RFC 3030 section 3). */
export const isBinary = (parameters: Envelope["parameters"]): boolean =>
  parameters.some(([name, value]) => name === "BODY" && /^BINARYMIME$/i.test(value ?? ""));

/** Whether the parameters of MAIL allow addresses in UTF-8 (RFC 6531 section 3.4). */
export const isUtf8 = (parameters: Envelope["parameters"]): boolean =>
  parameters.some(([name]) => name === "SMTPUTF8");
