/**
 * The extension ETRN (RFC 1985): a client asks the server to send the mail that waits for it.
 * @module
 */
import { isFault } from "../smtp/fault.ts";
import { parseEtrn } from "../smtp/etrn.ts";
import type { Extension } from "./extension.ts";

/** It is offered where a handler answers: the server's own queue waits for no client. */
export const ETRN: Extension = {
  about: {
    name: "ETRN",
    rfc: [1985],
    where:
      "to all sessions, if a handler answers `StartQueue`: the server's own queue waits for no client",
    seen: "`StartQueue`",
    test: "server/etrn_test.ts",
  },
  line: () => "ETRN",
  commands: {
    ETRN: {
      help: "ETRN domain, @domain or #queue: asks for the mail that waits for it",
      legalAt: ["greeted"],
      event: (argument) => {
        const queue = parseEtrn(argument);
        return isFault(queue) ? queue : { type: "StartQueue", ...queue };
      },
    },
  },
};
