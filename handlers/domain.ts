/**
 * Domains in the options of handlers.
 * @module
 */
import { isMailDomain } from "postmaster";
import { z } from "postmaster/making";

/** An option that is a domain. */
export const domain: z.ZodType<string, string> = z.string({
  error: "a domain such as example.net",
}).refine(isMailDomain, { error: "this is no domain: write one such as example.net" });
