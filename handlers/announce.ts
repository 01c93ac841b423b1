/**
 * Extensions of your own.
 * @module
 */
import { type HandlerFactory, on } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { withLines } from "./more_lines.ts";

/** The options of {@linkcode announce}. */
export interface AnnounceOptions {
  /** EHLO keywords with their parameters. */
  readonly keywords: readonly string[];
}

/** ehlo-line of RFC 5321 section 4.1.1.1. */
const EHLO_LINE = /^[A-Za-z0-9][A-Za-z0-9-]*( [\x21-\x7e]+)*$/;

/**
 * Adds keywords to the reply to EHLO. Other handlers must handle the commands that the keywords promise.
 *
 * @example
 * ```ts
 * import { chain, on, say } from "postmaster";
 * import { announce } from "postmaster/handlers";
 *
 * export default chain(
 *   announce({ keywords: ["XCHATTY"] }),
 *   on("Unrecognized", (event, next) =>
 *     event.line.toUpperCase() === "XCHATTY" ? say(2, 5, 0, "nice weather today") : next()),
 * );
 * ```
 */
export const announce: HandlerFactory<AnnounceOptions> = defineHandler({
  name: "announce",
  summary: "Adds keywords to the reply to EHLO.",
  options: kinds.options({
    keywords: kinds.list(
      z.string().regex(EHLO_LINE, { error: "an EHLO keyword, such as XCHATTY" }),
      "a list of EHLO keywords, such as [XCHATTY]",
      1,
    ).describe("EHLO keywords with their parameters."),
  }),
  create: ({ keywords }) => on("SayEhlo", (_event, next) => withLines(next(), keywords)),
  example: "announce: { keywords: [XCHATTY, X-LIMIT 10] }",
});
