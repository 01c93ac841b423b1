/**
 * The parameters of MAIL and RCPT that say what a sender wants to be told.
 * @module
 */
import { isFault } from "../../smtp/fault.ts";
import { GRAMMARS, type ParameterName, type ParameterValues } from "../../smtp/parameter_values.ts";
import type { PlainParameters } from "../../smtp/parameters.ts";

/** The value of a parameter; `undefined` if there is none, or if a handler has made one that no client can send. */
export function parameter<N extends ParameterName>(
  parameters: PlainParameters,
  name: N,
): ParameterValues[N] | undefined {
  const text = parameters[name];
  if (text === undefined) return undefined;
  const value = GRAMMARS[name].read(text);
  return isFault(value) ? undefined : value;
}
