/**
 * The part of the schema that is about the DNS.
 * @module
 */
import { z } from "zod";
import { isLocal } from "../base/ip.ts";
import { count, duration, options, text } from "../base/kinds.ts";
import type { ResolverOptions } from "../dns/caching_resolver.ts";
import {
  type DnsServer,
  parseDnsServer,
  printDnsServer,
  RESOLV_CONF,
  systemServers,
} from "../dns/server_address.ts";

const SERVERS = 'a list of addresses, such as [127.0.0.1, "[::1]:5353"]';
const VALIDATING = "true, false or protected";
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
  validating: z.union([z.boolean(), z.literal("protected")], { error: VALIDATING }).default(false)
    .describe(
      "The servers check DNSSEC, so DANE can be used for mail that is sent. `true` if all of them are on " +
        "this machine; `protected` if they are elsewhere and nobody on the way can change their answers.",
    ).meta({ examples: [true] }),
}).superRefine(({ validating, servers }, context) => {
  const distant = validating === true ? distantOf(servers) : undefined;
  if (distant === undefined) return;
  context.addIssue({ code: "custom", path: ["validating"], input: validating, message: distant });
}).transform((given) => ({ ...given, validating: given.validating !== false }));

/** Why servers are not as near as `validating: true` says. */
function distantOf(servers: readonly DnsServer[] | undefined): string | undefined {
  const all = servers ?? systemServers().servers;
  const distant = all.find(({ address }) => !isLocal(address));
  const from = servers === undefined ? ` of ${RESOLV_CONF}` : "";
  if (all.length === 0) return `there is no DNS server in ${RESOLV_CONF}: name one in \`servers\``;
  return distant &&
    `the DNS server ${printDnsServer(distant)}${from} is on another machine, so answers ` +
      "may be forged on their way: run a validating resolver here and name it in `servers`, or " +
      "write `protected` if the way is safe";
}
