/**
 * The names of the addresses that mail is sent from (PTR): each leads back to the address, and is the server's.
 * @module
 */
import { orNothing } from "../../dns/error.ts";
import { canonicalName, isSameName, reverseName } from "../../dns/name.ts";
import { type Check, forEach } from "./check.ts";
import { addressesAt } from "./exchangers.ts";
import { fault, type Found, note, ok } from "./finding.ts";
import type { Installation } from "./installation.ts";
import { sendingAddresses } from "./sending_addresses.ts";

/** The check. */
export const reverse: Check = {
  name: "ptr",
  about: "the names of the addresses that mail is sent from: each leads back to its address",
  network: true,
  run: async (installation) => {
    if (!installation.sends) return [];
    const addresses = await sendingAddresses(installation);
    return await forEach(addresses, String, (address) => namesOf(address, installation));
  },
};

async function namesOf(
  address: string,
  { dns, hostname, relay }: Installation,
): Promise<readonly Found[]> {
  const name = canonicalName(relay?.helo ?? hostname);
  const mend = `${reverseName(address)}. IN PTR ${name}. (whoever gave you the address sets it)`;
  const names = (await orNothing(dns.reverse(address)) ?? []).map(canonicalName);
  if (names.length === 0) {
    return [fault(address, `${address} has no name (PTR): many servers refuse its mail`, mend)];
  }
  const leading = await Promise.all(
    names.map(async (one) => (await addressesAt(one, dns)).addresses.includes(address)),
  );
  if (!leading.includes(true)) {
    const what = `the name of ${address} (PTR), ${names.join(", ")}, does not lead back to it`;
    return [fault(address, what, mend)];
  }
  return names.some((one) => isSameName(one, name))
    ? [ok(address, `${address} is ${name}, and ${name} is ${address}`)]
    : [note(address, `the name of ${address} is ${names.join(", ")}, and not ${name}`, mend)];
}
