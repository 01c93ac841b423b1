/**
 * The extensions CHUNKING and BINARYMIME (RFC 3030): messages in chunks, and messages without lines.
 * @module
 */
import type { Transaction } from "../handler/session.ts";
import { upper } from "../smtp/ascii.ts";
import { ChunkDecoder, parseChunk } from "../smtp/chunk.ts";
import type { Fault } from "../smtp/fault.ts";
import type { Extension } from "./extensions.ts";
import type { Coming } from "./incoming.ts";

/** RFC 3030 section 2: BDAT says how many octets follow it, and nothing in them ends the message. */
export const CHUNKING: Extension = {
  line: () => "CHUNKING",
  commands: {
    BDAT: {
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
  line: () => "BINARYMIME",
  parameters: {
    MAIL: {
      BODY: {
        octets: 16,
        judge: (value) =>
          /^(7BIT|8BITMIME|BINARYMIME)$/i.test(value ?? "")
            ? undefined
            : { ...NO_CHUNK, code: 504, reason: "BODY wants 7BIT, 8BITMIME or BINARYMIME" },
      },
    },
  },
};

const NO_CHUNK: Fault = {
  code: 501,
  enhanced: "5.5.4",
  reason: "BDAT wants a number of octets, and LAST behind it for the last ones",
};

/** The message of this transaction may have any octets. */
export const isBinary = (transaction: Pick<Transaction, "parameters"> | undefined): boolean =>
  upper(transaction?.parameters.get("BODY") ?? "") === "BINARYMIME";

/** A message that comes in chunks. */
export const inChunks = (transaction: Transaction): Coming => ({
  verb: "BDAT",
  decoder: new ChunkDecoder(isBinary(transaction)),
});
