/**
 * The DNS records that a mail server needs, and which of them are published.
 *
 * @module
 */
import { isIPv6 } from "node:net";
import { parseIp } from "../../base/ip.ts";
import { isSameName } from "../../dns/name.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { reverseName } from "../../dns/name.ts";
import { lookUp } from "./look_up.ts";
import type { Plan } from "./plan.ts";

/** How a record that should be published is: `unsure` is one that only a person can judge. */
export type State = "right" | "missing" | "wrong" | "unsure" | "unchecked";

/** A record that should be published. */
export interface Wanted {
  readonly name: string;
  readonly type: "A" | "AAAA" | "MX" | "PTR" | "TXT";
  /** Its data, as in a zone file. */
  readonly data: string;
  readonly state: State;
  /** What the DNS has instead, or what to look at. */
  readonly note?: string;
}

type Judged = Pick<Wanted, "state" | "note">;

/** All records for a plan, judged by what the DNS has. What it does not answer is `unchecked`. */
export async function judgeRecords(plan: Plan, dns: Resolver): Promise<Wanted[]> {
  const hostname = plan.hostname.value;
  const groups = await Promise.all([
    addressRecords(hostname, plan.addresses, dns),
    ...plan.domains.value.map((domain) => exchangerRecord(domain, hostname, dns)),
    ...(await reached(plan, dns)).map((address) => reverseRecord(address, hostname, dns)),
    ...plan.domains.value.map((domain) => senderPolicy(domain, hostname, plan.addresses, dns)),
  ]);
  return groups.flat();
}

/** Where the world finds the machine: behind NAT only the DNS can know. */
async function reached({ addresses, hostname }: Plan, dns: Resolver): Promise<readonly string[]> {
  if (addresses.length > 0) return addresses;
  const { value } = hostname;
  const found = await Promise.all([lookUp(dns.resolve4(value)), lookUp(dns.resolve6(value))]);
  return found.flatMap((each) => each ?? []);
}

async function addressRecords(
  name: string,
  addresses: readonly string[],
  dns: Resolver,
): Promise<Wanted[]> {
  const [four, six] = await Promise.all([lookUp(dns.resolve4(name)), lookUp(dns.resolve6(name))]);
  if (addresses.length === 0) {
    const data = "the public address of this machine (`--address` says it)";
    return [{ name, type: "A", data, ...judge(four, (found) => unsure(found.join(", "))) }];
  }
  return addresses.map((data) => {
    const [type, found] = isIPv6(data) ? ["AAAA", six] as const : ["A", four] as const;
    const has = (text: string) => canonical(text) === canonical(data);
    return { name, type, data, ...judge(found, (records) => within(records, has, addresses)) };
  });
}

/** Wrong are addresses that lead somewhere else; one of ours that is not among them is only missing. */
function within(
  found: readonly string[],
  has: (text: string) => boolean,
  addresses: readonly string[],
): Judged {
  const ours = addresses.map(canonical);
  const others = found.filter((text) => !ours.includes(canonical(text)));
  if (others.length > 0) return wrong(others.join(", "));
  return { state: found.some(has) ? "right" : "missing" };
}

async function exchangerRecord(name: string, hostname: string, dns: Resolver): Promise<Wanted> {
  const judged = judge(
    await lookUp(dns.resolveMx(name)),
    (records) =>
      records.some(({ exchange }) => isSameName(exchange, hostname))
        ? { state: "right" }
        : wrong(records.map(({ priority, exchange }) => `${priority} ${exchange}.`).join(", ")),
  );
  return { name, type: "MX", data: `10 ${hostname}.`, ...judged };
}

async function reverseRecord(address: string, hostname: string, dns: Resolver): Promise<Wanted> {
  const judged = judge(
    await lookUp(dns.reverse(address)),
    (names) =>
      names.some((name) => isSameName(name, hostname))
        ? { state: "right" }
        : wrong(names.map((name) => `${name}.`).join(", ")),
  );
  return { name: reverseName(address)!, type: "PTR", data: `${hostname}.`, ...judged };
}

/** RFC 7208. What other senders there are, only the operator knows. */
async function senderPolicy(
  name: string,
  hostname: string,
  addresses: readonly string[],
  dns: Resolver,
): Promise<Wanted> {
  const texts = (await lookUp(dns.resolveTxt(name)))?.map((parts) => parts.join(""));
  const policies = texts?.filter((text) => /^v=spf1( |$)/i.test(text));
  const judged = judge(policies, ([policy = "", ...others]) => {
    if (others.length > 0) return wrong("more than one, which counts as none");
    const words = policy.toLowerCase().split(/ +/).map((word) => word.replace(/^\+/, ""));
    const covered = ["mx", `a:${hostname}`, ...(name === hostname ? ["a"] : [])];
    const eachAddress = addresses.length > 0 &&
      addresses.every((address) => words.includes(`${isIPv6(address) ? "ip6" : "ip4"}:${address}`));
    return eachAddress || words.some((word) => covered.includes(word))
      ? { state: "right" }
      : unsure(policy);
  });
  return { name, type: "TXT", data: '"v=spf1 mx ~all"', ...judged };
}

/** @param compare for one record or more */
function judge<T>(
  found: readonly T[] | undefined,
  compare: (found: readonly T[]) => Judged,
): Judged {
  if (found === undefined) return { state: "unchecked" };
  return found.length === 0 ? { state: "missing" } : compare(found);
}

const wrong = (found: string): Judged => ({ state: "wrong", note: `the DNS has ${found}` });
const unsure = (found: string): Judged => ({
  state: "unsure",
  note: `the DNS has ${found}: see that it means this machine`,
});
const canonical = (address: string): string => parseIp(address)?.toString() ?? address;
