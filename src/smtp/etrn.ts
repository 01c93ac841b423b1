/**
 * The argument of ETRN (RFC 1985): whose mail the server is asked to send.
 * @module
 */
import { lower } from "./ascii.ts";
import type { Fault } from "./fault.ts";
import { wrong } from "./grammar.ts";
import { isDomain } from "./mailbox.ts";

/** The mail that ETRN asks for (RFC 1985 section 5). */
export interface QueueName {
  /** A domain, in lower case; with the mode `queue` the name of a queue, as it was sent. */
  readonly node: string;
  /**
   * `node` for the mail of this domain alone, `subdomains` for that of the domain and all below it (`@`), `queue` for
   * a queue by its name (`#`).
   */
  readonly mode: "node" | "subdomains" | "queue";
}

const MODES = { "": "node", "@": "subdomains", "#": "queue" } as const;

const FAULT = wrong(501, "ETRN wants a domain, @ and a domain, or # and the name of a queue");

/** Parses what stands behind ETRN. A domain must be a full name, with a dot in it. */
export function parseEtrn(argument: string): QueueName | Fault {
  const [, option = "", name = ""] = /^([@#]?)([\w.-]{1,255})$/.exec(argument) ?? [];
  const mode = MODES[option as keyof typeof MODES];
  if (mode === "queue") return { node: name, mode };
  return name.includes(".") && isDomain(name) ? { node: lower(name), mode } : FAULT;
}
