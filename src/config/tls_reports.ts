/**
 * The part of the schema that is about reports of TLS.
 * @module
 */
import { z } from "zod";
import { options, text } from "../base/kinds.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { isAscii } from "../smtp/unicode.ts";

/** Who reports. */
export interface TlsReportsSettings {
  readonly contact: string;
  readonly organization?: string | undefined;
}

function contactIn(written: string): string {
  const address = String(Mailbox.parse(written));
  if (isAscii(address)) return address;
  throw new TypeError(`\`${written}\` has letters that not all receivers of reports can read`);
}

/** The address of who reports. */
export const contact: z.ZodType<string, unknown> = text("an address", contactIn);

/** Reports of TLS to domains that want them (RFC 8460). */
export const tlsReportsSchema: z.ZodOptional<z.ZodType<TlsReportsSettings, unknown>> = options({
  contact: contact.describe(
    "The address for questions, which reports by mail are from.",
  ).meta({ examples: ["tls-reports@example.net"] }),
  organization: z.string().optional().describe(
    "The name of your organization; by default `hostname`.",
  )
    .meta({ examples: ["Example"] }),
}).optional().describe(
  "Each day, domains that want to know are told how often TLS to their servers worked, and why it " +
    "did not (RFC 8460). Without this, nothing is counted.",
).meta({ examples: [{ contact: "tls-reports@example.net", organization: "Example" }] });
