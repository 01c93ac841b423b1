/**
 * The server's own name: it is complete, and leads here.
 * @module
 */
import { canonicalName } from "../../dns/name.ts";
import { isOfMachine } from "../../net/own_addresses.ts";
import type { Check } from "./check.ts";
import { addressesAt } from "./exchangers.ts";
import { fault, note, ok, warning } from "./finding.ts";
import { sendingAddresses } from "./sending_addresses.ts";

/** The check. */
export const hostname: Check = {
  name: "hostname",
  about: "the server's own name: it is complete, and leads here",
  network: true,
  run: async (installation) => {
    const name = canonicalName(installation.hostname);
    if (!name.includes(".")) {
      const what = `the server's name, ${name}, is no complete name: many servers refuse its mail`;
      return [fault(name, what, "set `hostname` to one such as mx.example.net")];
    }
    const { addresses } = await addressesAt(name, installation.dns);
    if (addresses.length === 0) {
      const what = `the server's name, ${name}, has no address in the DNS`;
      return [fault(name, what, `${name}. IN A ADDRESS`)];
    }
    const sending = await sendingAddresses(installation);
    const isHere = (address: string) => isOfMachine(address) || sending.includes(address);
    const elsewhere = addresses.filter((address) => !isHere(address));
    const list = elsewhere.join(", ");
    if (elsewhere.length === 0) return [ok(name, `${name} leads here: ${addresses.join(", ")}`)];
    return elsewhere.length < addresses.length
      ? [warning(name, `${name} leads also to ${list}, which is none of this machine's addresses`)]
      : [note(name, `${name} leads to ${list}: this machine must be reached there by a router`)];
  },
};
