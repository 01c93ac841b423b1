/**
 * DKIM of each domain that sends (RFC 6376): the published records are those of the keys that sign.
 * @module
 */
import { keysDirectory } from "../../config/mod.ts";
import { domainsIn, isInUse, type KeptKey, keysIn } from "../../signing/key_files.ts";
import { publicationOf, recordName, zoneLine } from "../../signing/key_record.ts";
import { isWaiting } from "../../signing/key_rotation.ts";
import { type Check, forEach } from "./check.ts";
import { fault, type Found, note, ok } from "./finding.ts";
import type { Installation } from "./installation.ts";

/** The check. */
export const dkim: Check = {
  name: "dkim",
  about: "DKIM: the published records are those of the keys that sign",
  network: true,
  run: async (installation) => {
    const { dkimSign, arcSeal } = installation.settings;
    if (dkimSign === undefined && arcSeal === undefined) {
      const what = "the mail of this server is not signed by DKIM";
      const mend = "add `dkim-sign: {}`, and run `postmaster dkim generate DOMAIN`";
      return installation.sends ? [note("dkim-sign", what, mend)] : [];
    }
    const { hostname, stateDirectory } = installation;
    const directory = keysDirectory({ hostname, stateDirectory, dkimSign });
    const keys = domainsIn(directory).flatMap((domain) => keysIn(directory, domain));
    return await forEach(
      keys.filter((key) => isInUse(key) || isWaiting(key)),
      recordName,
      (key) => recordOfKey(key, installation),
    );
  },
};

async function recordOfKey(key: KeptKey, { dns }: Installation): Promise<readonly Found[]> {
  const name = recordName(key);
  const publication = await publicationOf(key, dns);
  if (publication === "published") return [ok(name, `the record of the key ${name} is published`)];
  const lacks = publication === "missing" ? "has no record" : "has a record of another key";
  const line = zoneLine(key).replace(/\s+/g, " ");
  return isWaiting(key)
    ? [note(name, `the key ${name} ${lacks}, so it does not sign yet`, line)]
    : [fault(name, `the key ${name} ${lacks}: nobody believes its signatures`, line)];
}
