/**
 * Lists of addresses, published in the DNS (RFC 5782).
 *
 * @module
 */
import {
  type Handler,
  isDomain,
  kinds,
  named,
  on,
  parseIp,
  type Reply,
  say,
  type Session,
  variable,
} from "postmaster";
import { z } from "zod";
import { found } from "./lookup.ts";

const zone = kinds.text("the domain of a list, such as zen.spamhaus.org", (name) => {
  if (isDomain(name) && !name.startsWith("[")) return name;
  throw new TypeError(`\`${name}\` is no domain of a list: write one such as zen.spamhaus.org`);
});

const list = z.union([
  zone.transform((zone) => ({ zone, weight: 1 })),
  z.strictObject({
    zone: zone.describe("The domain of the list."),
    weight: z.number().positive().default(1).describe("How much being on this list counts."),
  }),
], { error: "the domain of a list, or `{zone: DOMAIN, weight: 2}`" });

const schema = z.strictObject({
  lists: z.array(list, { error: "a list of domains, such as [zen.spamhaus.org]" }).min(1)
    .describe("Lists of clients that nobody wants: domains, or `{zone: DOMAIN, weight: 2}`."),
  allow: z.array(zone).default([])
    .describe("Lists of clients that are welcome whatever the others say, such as list.dnswl.org."),
  threshold: z.number().positive().default(1)
    .describe("The sum of weights from which a client is refused."),
});

/** The options of {@linkcode dnsbl}. */
export type DnsblOptions = z.input<typeof schema>;

/** The options of {@linkcode dnsbl} in a configuration. */
export const dnsblOptions: z.ZodType<z.output<typeof schema>, DnsblOptions> = schema;

/** The lists that a client is on, found out once a session. */
const listings = variable("session", "dnsbl", (): Map<string, Promise<boolean>> => new Map());

/**
 * Refuses recipients of clients whose address is on lists. The lists are asked at the first recipient of a session,
 * all at once. One that does not answer counts as if the client were not on it. Clients without a public address,
 * and those who have proved who they are, are not looked up.
 *
 * @example
 * ```ts
 * import { dnsbl } from "postmaster/handlers";
 *
 * export default dnsbl({
 *   lists: ["zen.spamhaus.org", { zone: "bl.spamcop.net", weight: 0.5 }],
 *   allow: ["list.dnswl.org"],
 * });
 * ```
 */
export function dnsbl(options: DnsblOptions): Handler {
  const { lists, allow, threshold } = schema.parse(options);
  return named(
    "dnsbl",
    on("AddRcptTo", async (_event, next, session): Promise<Reply> => {
      const name = nameOf(session.peer.address);
      if (name === undefined || session.user !== undefined || session.depth > 0) return next();
      const listed = (zone: string) => isListed(`${name}.${zone}`, session);
      const [on, allowed] = await Promise.all([
        Promise.all(lists.map(({ zone }) => listed(zone))),
        Promise.all(allow.map(listed)),
      ]);
      const hits = lists.filter((_list, i) => on[i]);
      const sum = hits.reduce((sum, { weight }) => sum + weight, 0);
      if (sum < threshold || allowed.includes(true)) return next();
      const zones = hits.map(({ zone }) => zone).join(", ");
      session.log("listed", { zones });
      return say(5, 5, 4, `${session.peer.address} is listed by ${zones}`, "5.7.1");
    }),
  );
}

/** The address as a list has it (RFC 5782 sections 2.1 and 2.4); `undefined` if no list can have it. */
function nameOf(address: string): string | undefined {
  const parsed = parseIp(address);
  if (parsed === undefined) return undefined;
  if (parsed.range() !== "unicast" && !TEST_RANGES.has(parsed.range())) return undefined;
  return parsed.kind() === "ipv4"
    ? parsed.toByteArray().toReversed().join(".")
    : parsed.toByteArray().map((byte) => byte.toString(16).padStart(2, "0")).join("")
      .split("").toReversed().join(".");
}

/** Addresses of documentation and tests: lists are tried out with them. */
const TEST_RANGES: ReadonlySet<string> = new Set(["reserved"]);

/** Whether a list has a name. An answer outside of 127.0.0.0/16 is no listing, but the list's complaint. */
async function isListed(name: string, session: Session): Promise<boolean> {
  const known = session.get(listings);
  const asking = known.get(name) ?? found(session.dns.resolve4(name), []).then(
    (addresses) => addresses.some((address) => address.startsWith("127.0.")),
    (error: Error) => {
      session.log("a list does not answer", { name, error: error.message });
      return false;
    },
  );
  known.set(name, asking);
  return await asking;
}
