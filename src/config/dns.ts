/**
 * The part of the schema that is about the DNS.
 * @module
 */
import { z } from "zod";
import { count, duration, options, text } from "../base/kinds.ts";
import type { ResolverOptions } from "../dns/caching_resolver.ts";
import { parseDnsServer } from "../dns/server_address.ts";

const SERVERS = 'a list of addresses, such as [127.0.0.1, "[::1]:5353"]';
const server = text("the address of a DNS server", parseDnsServer);

/** How names are looked up. */
export const dnsSchema: z.ZodType<ResolverOptions> = options({
  servers: z.array(server, { error: SERVERS }).min(1, { error: SERVERS }).optional()
    .describe(
      "The servers to ask, in this order; by default those of `/etc/resolv.conf`.",
    )
    .meta({ examples: [["127.0.0.1", "[::1]:5353"]] }),
  timeout: duration(100).optional()
    .describe("The time for one question to one server; by default that of `resolv.conf`, or 5 s.")
    .meta({ examples: ["3 s"] }),
  attempts: count(1).optional()
    .describe("How often each server is asked; by default the number in `resolv.conf`, or 2.")
    .meta({ examples: [2] }),
  cacheSize: count(1).default(10_000).describe(
    "How many answers are remembered; an answer with more than 1 KiB of records counts several " +
      "times.",
  ),
});
