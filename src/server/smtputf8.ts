/**
 * The extension SMTPUTF8 (RFC 6531): addresses and header fields in UTF-8.
 * @module
 */
import type { Event } from "../handler/event.ts";
import { type Command, NEEDS_SMTPUTF8, type NotACommand } from "../smtp/command.ts";
import { GRAMMARS } from "../smtp/parameter_values.ts";
import type { Parameters } from "../smtp/parameters.ts";
import type { Extension } from "./extension.ts";
import type { State } from "./state.ts";

/** RFC 6531: all targets take UTF-8 in addresses, as they take it in messages. */
export const SMTPUTF8: Extension = {
  about: {
    name: "SMTPUTF8",
    rfc: [6531, 6532],
    where: "to all sessions",
    seen: 'mailboxes beyond ASCII; `readParameter(event.parameters, "SMTPUTF8")` at MAIL',
    test: "server/smtputf8_test.ts",
  },
  line: () => "SMTPUTF8",
  parameters: { MAIL: { SMTPUTF8: GRAMMARS.SMTPUTF8 } },
};

/** The message of these parameters of MAIL may have addresses and header fields in UTF-8. */
export const isUtf8 = (parameters: Parameters): boolean => parameters.has("SMTPUTF8");

/** The event for a command beyond ASCII where MAIL has no SMTPUTF8. */
export function beyondAscii(line: Command | NotACommand, state: State): Event | undefined {
  if (!("utf8" in line)) return undefined;
  const { parameters } = line.verb === "RCPT" && "transaction" in state ? state.transaction : line;
  return isUtf8(parameters)
    ? undefined
    : { type: "SyntaxErrorIn", command: line.verb, fault: NEEDS_SMTPUTF8 };
}
