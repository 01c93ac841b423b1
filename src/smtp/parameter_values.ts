/**
 * What the parameters of MAIL and RCPT mean: one grammar for each name.
 * @module
 */
import { ENVID, type Notification, NOTIFY, ORCPT, type OriginalRecipient, RET } from "./dsn.ts";
import { isFault } from "./fault.ts";
import { flag, type Grammar, oneOf, wrong } from "./grammar.ts";
import type { Parameters } from "./parameters.ts";
import { BY, type DeliverBy, HOLDFOR, HOLDUNTIL } from "./times.ts";
import { decodeXtext } from "./xtext.ts";

/** The type of each parameter's value. */
export interface ParameterValues {
  /** The octets of the message, as the client estimates them (RFC 1870). */
  SIZE: number;
  /** What the message has: lines of ASCII, lines of any octets (RFC 6152), or any octets (RFC 3030). */
  BODY: "7BIT" | "8BITMIME" | "BINARYMIME";
  /** Who has sent the message first, as the client says; `null` if it does not say (RFC 4954 section 5). */
  AUTH: string | null;
  /** Addresses and header fields of the message may be UTF-8 (RFC 6531). */
  SMTPUTF8: true;
  /** The message may only go on by encrypted connections (RFC 8689). */
  REQUIRETLS: true;
  /** How much of the message a failure notification has: all of it, or the header (RFC 3461). */
  RET: "FULL" | "HDRS";
  /** The sender's own name for the message: at most 100 characters of printable ASCII (RFC 3461). */
  ENVID: string;
  /** Of what the sender is told; the empty list if of nothing (RFC 3461). A parameter of RCPT. */
  NOTIFY: readonly Notification[];
  /** The recipient that the sender has named (RFC 3461, RFC 6533). A parameter of RCPT. */
  ORCPT: OriginalRecipient;
  /** From -9 to 9; without it, 0 (RFC 6710). */
  "MT-PRIORITY": number;
  /** The seconds for which the message is held back (RFC 4865). */
  HOLDFOR: number;
  /** The time until which the message is held back (RFC 4865). */
  HOLDUNTIL: Date;
  /** By when the message should be there (RFC 2852). */
  BY: DeliverBy;
}

/** The name of a parameter that {@linkcode readParameter} knows. */
export type ParameterName = keyof ParameterValues;

const NO_SIZE = wrong(501, "SIZE wants a number of octets");
const NO_PRIORITY = wrong(501, "MT-PRIORITY wants a number from -9 to 9");
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
  SMTPUTF8: { ...flag("SMTPUTF8"), octets: 10 },
  REQUIRETLS: flag("REQUIRETLS"),
  RET,
  ENVID,
  NOTIFY,
  ORCPT,
  "MT-PRIORITY": {
    octets: 15,
    read: (text) => /^(?:-?[1-9]|0)$/.test(text ?? "") ? Number(text) : NO_PRIORITY,
  },
  HOLDFOR,
  HOLDUNTIL,
  BY,
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
