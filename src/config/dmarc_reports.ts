/**
 * The part of the schema that is about aggregate reports of DMARC.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { options } from "../base/kinds.ts";
import { contact } from "./tls_reports.ts";

/** Who reports. */
export interface DmarcReportsSettings {
  readonly contact: string;
  readonly organization?: string | undefined;
}

/** The key `dmarc-reports`. */
export const dmarcReportsSchema: z.ZodOptional<z.ZodType<DmarcReportsSettings, unknown>> = options({
  contact: contact.describe(
    "The address for questions, which reports are from. Mail to this address alone is not counted, so " +
      "name it in the records of your own domains too (`rua`): then no two servers report on each " +
      "other's reports for ever.",
  ).meta({ examples: ["dmarc-reports@example.net"] }),
  organization: z.string().optional().describe(
    "The name of your organization; by default `hostname`.",
  ).meta({ examples: ["Example"] }),
}).optional().describe(
  "Each day, domains that want to know are told what the server has seen of mail in their name: where " +
    "it came from, whether it was theirs, and what was done with it (DMARC, RFC 7489). It needs the " +
    "handler `dmarc` or `sender-authentication`, which find that out, the queue, and `relay`, by " +
    "which reports leave. Without this key, nothing is counted.",
).meta({ examples: [{ contact: "dmarc-reports@example.net", organization: "Example" }] });

/** The file with what is counted. */
export const dmarcReportsFile = (stateDirectory: string): string =>
  join(stateDirectory, "dmarc-reports.sqlite");
