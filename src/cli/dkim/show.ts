/**
 * `postmaster dkim show` and `remove`: how far keys have come, and what is to be done next.
 * @module
 */
import { isInUse, removeKey } from "../../signing/key_files.ts";
import { recordName, zoneLine } from "../../signing/key_record.ts";
import { isWaiting, type ObservedKey } from "../../signing/key_rotation.ts";
import { describe, summaryOf } from "./generate.ts";
import { type DkimFlags, Keys } from "./keys.ts";

const DAY = 24 * 60 * 60 * 1000;
/** For how long a record stays after the last message of its key has left here: other servers have queues, too. */
const ELSEWHERE = 7 * DAY;
/** How long mail waits here if there is no queue. */
const WITHOUT_QUEUE = 5 * DAY;

/** Prints the keys of a domain, or of all. */
export async function show(domain: string | undefined, flags: DkimFlags): Promise<void> {
  const keys = await Keys.open(flags);
  const domains = domain === undefined ? keys.domains : [domain];
  const all = (await Promise.all(domains.map((one) => keys.observe(one)))).flatMap(({ keys }) =>
    keys
  );
  if (flags.json) {
    for (const key of all) console.log(JSON.stringify({ ...summaryOf(key), ...stateOf(key) }));
    return;
  }
  if (all.length === 0) {
    console.log("there are no keys: `postmaster dkim generate DOMAIN` makes some");
  }
  for (const key of all) {
    console.log(`${recordName(key)}: ${describe(key)}, ${inWords(key)}`);
    const next = nextFor(key, stayOf(keys));
    if (next !== undefined) console.log(`${next}\n`);
  }
}

/** Removes a key that does not sign. */
export async function remove(
  domain: string,
  selector: string,
  flags: DkimFlags & { readonly force?: boolean },
): Promise<void> {
  const keys = await Keys.open(flags);
  const { keys: all } = await keys.observe(domain);
  const key = all.find((one) => one.selector === selector);
  if (key === undefined) throw new Error(`${domain} has no key with the selector ${selector}`);
  if (isInUse(key) && !flags.force) {
    throw new Error(
      `${domain} signs with this key: \`postmaster dkim rotate ${domain}\` makes another one, and --force removes it`,
    );
  }
  removeKey(keys.directory, key);
  const end = (isWaiting(key) ? 0 : lastUse(key)) + stayOf(keys);
  const record = `its record ${recordName(key)}`;
  console.log(`removed the key; ${end > Date.now() ? staying(record, end) : `${record} may go`}`);
}

/** When a key that does not wait for its record has signed for the last time. */
const lastUse = ({ notes }: ObservedKey): number =>
  notes?.retired === undefined ? Date.now() : Date.parse(notes.retired);

/** For how long mail that a key has signed is on its way. */
const stayOf = ({ config: { queue } }: Keys): number =>
  (queue?.lifetime ?? WITHOUT_QUEUE) + ELSEWHERE;

const staying = (record: string, end: number): string =>
  `${record} must stay until ${
    dayOf(new Date(end).toISOString())
  }, when all that it has signed has arrived`;

/** What a program wants to know. */
const stateOf = (key: ObservedKey) => ({
  ...{ signs: isInUse(key), publication: key.publication },
  ...{ created: key.notes?.created, since: key.notes?.published, retired: key.notes?.retired },
});

function inWords(key: ObservedKey): string {
  const { notes, publication } = key;
  if (notes?.retired !== undefined) return `retired on ${dayOf(notes.retired)}`;
  if (isWaiting(key)) return "waits for its record";
  const since = notes?.published === undefined ? "signs" : `signs since ${dayOf(notes.published)}`;
  return publication === "published" ? since : `${since}, but its record is ${SAID[publication]}`;
}

const SAID = {
  missing: "missing",
  different: "another one",
  unknown: "unknown now",
  published: "",
};

/** What is to be done. */
function nextFor(key: ObservedKey, stay: number): string | undefined {
  const retired = key.notes?.retired;
  if (retired !== undefined) {
    const end = Date.parse(retired) + stay;
    return end > Date.now()
      ? `  ${staying("its record", end)}`
      : `  its record may go, and \`postmaster dkim remove ${key.domain} ${key.selector}\` removes the key`;
  }
  return key.publication === "missing" || key.publication === "different"
    ? `  publish:\n${zoneLine(key)}`
    : undefined;
}

const dayOf = (time: string): string => time.slice(0, 10);
