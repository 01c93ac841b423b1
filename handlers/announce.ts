/**
 * Extensions of one's own.
 *
 * @module
 */
import { type Handler, isPositive, named, on } from "postmaster";
import { z } from "zod";

/** The options of {@linkcode announce}. */
export interface AnnounceOptions {
  /** EHLO keywords with their parameters: `XCHATTY`, `X-LIMIT 10 20`. */
  readonly keywords: readonly string[];
}

/** ehlo-line of RFC 5321 section 4.1.1.1. */
const EHLO_LINE = /^[A-Za-z0-9][A-Za-z0-9-]*( [\x21-\x7e]+)*$/;

/** The options of {@linkcode announce} in a configuration. */
export const announceOptions: z.ZodType<AnnounceOptions, AnnounceOptions> = z.strictObject({
  keywords: z.array(
    z.string().regex(EHLO_LINE, { error: "an EHLO keyword, such as XCHATTY" }),
    { error: "a list of EHLO keywords, such as [XCHATTY]" },
  ).min(1).describe("EHLO keywords with their parameters."),
});

/**
 * Adds keywords to the reply to EHLO. The commands that they promise are up to other handlers.
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
export function announce({ keywords }: AnnounceOptions): Handler {
  return named(
    "announce",
    on("SayEhlo", async (_event, next) => {
      const reply = await next();
      return isPositive(reply) ? { ...reply, lines: [...reply.lines, ...keywords] } : reply;
    }),
  );
}
