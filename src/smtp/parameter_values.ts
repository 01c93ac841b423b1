/**
 * What the parameters of MAIL and RCPT mean: one grammar for each name.
 * @module
 */
import { isFault } from "./fault.ts";
import { flag, type Grammar, oneOf, wrong } from "./grammar.ts";
import type { Parameters } from "./parameters.ts";
import { decodeXtext } from "./xtext.ts";

/** The type of each parameter's value. */
export interface ParameterValues {
  /** The octets of the message, as the client estimates them (RFC 1870). */
  SIZE: number;
  /** What the message has: lines of ASCII, lines of any octets (RFC 6152), or any octets (RFC 3030). */
  BODY: "7BIT" | "8BITMIME" | "BINARYMIME";
  /** Who has sent the message first, as the client says; `null` if it does not say (RFC 4954 section 5). */
  AUTH: string | null;
  /** The message may only go on by encrypted connections (RFC 8689). */
  REQUIRETLS: true;
}

/** The name of a parameter that {@linkcode readParameter} knows. */
export type ParameterName = keyof ParameterValues;

const NO_SIZE = wrong(501, "SIZE wants a number of octets");
const NO_SENDER = wrong(501, "AUTH wants <> or a mailbox in xtext");

/** The grammar of each parameter. */
export const GRAMMARS: { readonly [N in ParameterName]: Grammar<ParameterValues[N]> } = {
  SIZE: {
    octets: 26,
    read: (text) => text !== null && /^\d{1,20}$/.test(text) ? Number(text) : NO_SIZE,
  },
  BODY: oneOf(
    17,
    ["7BIT", "8BITMIME", "BINARYMIME"],
    wrong(504, "BODY wants 7BIT or 8BITMIME"),
  ),
  AUTH: {
    octets: 500,
    read: (text) => text === "<>" ? null : text && decodeXtext(text) || NO_SENDER,
  },
  REQUIRETLS: flag("REQUIRETLS"),
};

/**
 * The value of a parameter of MAIL or RCPT; `undefined` if the client has not given it.
 *
 * @example
 * ```ts
 * import { on, readParameter, say } from "postmaster";
 *
 * export default on("SetMailFrom", ({ parameters }, next) => {
 *   const size = readParameter(parameters, "SIZE") ?? 0;
 *   return size > 1_000_000 ? say(5, 5, 2, "that is too large for us") : next();
 * });
 * ```
 *
 * @throws {TypeError} for a value that no client can have sent, because the server refuses it
 */
export function readParameter<N extends ParameterName>(
  parameters: Parameters,
  name: N,
): ParameterValues[N] | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  const value = GRAMMARS[name].read(text);
  if (isFault(value)) throw new TypeError(`${name}=${text}: ${value.reason}`);
  return value;
}
