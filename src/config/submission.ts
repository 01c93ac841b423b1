/**
 * The part of the schema that is about listeners for submission.
 * @module
 */
import { z } from "zod";
import { ALL_COMPLETIONS, completions } from "../../handlers/complete.ts";
import { options, text } from "../base/kinds.ts";
import { isMailDomain } from "../smtp/mailbox.ts";

/** What a configuration says of submission. */
export const submissionSchema = options({
  relay: z.boolean().default(true).describe(
    "Users may send to all domains: what is for no domain of the server goes to `relay`, if there " +
      "is that key.",
  ),
  complete: completions.default(ALL_COMPLETIONS).describe(
    "What is added to messages without it: the fields `Date`, `Message-ID` and `From`, and the " +
      "domain of addresses that are a local part alone, also in MAIL and RCPT.",
  ),
  domain: text("a domain", (name) => {
    if (isMailDomain(name)) return name;
    throw new TypeError(`\`${name}\` is no domain: write one such as example.net`);
  }).optional().describe(
    "The domain of addresses without one; by default the first of `domains`, or else `hostname`.",
  ).meta({ examples: ["example.net"] }),
  hideClient: z.boolean().default(false).describe(
    "Leaves the address of the client, and the name that it gives, out of `Received`.",
  ),
});
