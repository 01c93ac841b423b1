/**
 * The extensions CHUNKING and BINARYMIME (RFC 3030): messages in chunks, and messages without lines.
 * @module
 */
import type { Transaction } from "../handler/session.ts";
import { parseChunk } from "../smtp/chunk.ts";
import { wrong } from "../smtp/grammar.ts";
import { GRAMMARS, readParameter } from "../smtp/parameter_values.ts";
import type { Extension } from "./extension.ts";

/** RFC 3030 section 2: BDAT says how many octets follow it, and nothing in them ends the message. */
export const CHUNKING: Extension = {
  about: {
    name: "CHUNKING",
    rfc: [3030],
    where: "to all sessions",
    seen: "`TakeChunk` for each chunk that is not the last; `StartData` and `Deliver` as with DATA",
    test: "server/chunking_test.ts",
  },
  line: () => "CHUNKING",
  commands: {
    BDAT: {
      help: "BDAT octets [LAST]: so many octets of the message follow",
      legalAt: ["rcpt", "chunks"],
      event: (argument) => {
        const chunk = parseChunk(argument);
        return chunk === undefined ? NO_CHUNK : { chunk };
      },
      payload: (argument) => parseChunk(argument)?.octets ?? Infinity,
    },
  },
};

/** RFC 3030 section 3: the message may have any octets, in lines of any length. It must come in chunks. */
export const BINARYMIME: Extension = {
  about: {
    name: "BINARYMIME",
    rfc: [3030],
    where: "to nobody yet: mailers want lines",
    seen: '`readParameter(event.parameters, "BODY")` at MAIL',
    test: "server/chunking_test.ts",
  },
  line: () => "BINARYMIME",
  parameters: { MAIL: { BODY: GRAMMARS.BODY } },
};

const NO_CHUNK = wrong(501, "BDAT wants a number of octets, and LAST behind it for the last ones");

/** The message of this transaction may have any octets. */
export const isBinary = (transaction: Pick<Transaction, "parameters"> | undefined): boolean =>
  transaction !== undefined && readParameter(transaction.parameters, "BODY") === "BINARYMIME";
