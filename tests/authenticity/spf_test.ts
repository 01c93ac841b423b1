/**
 * SPF, by the cases of RFC 7208's test suite and by what it does not have.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { parseAllDocuments } from "yaml";
import { Lookups } from "../../src/authenticity/lookups.ts";
import { checkSpf } from "../../src/authenticity/spf.ts";
import { DnsError } from "../../src/dns/error.ts";
import { canonicalName } from "../../src/dns/name.ts";
import type { RecordType } from "../../src/dns/records.ts";
import { type DnsAnswer, Resolver } from "../../src/dns/resolver.ts";
import { needFile } from "../need.ts";

/** What the suite's zones have for a name: records by their types, or no answer. */
type Zone = Readonly<Record<string, readonly (Readonly<Record<string, unknown>> | "TIMEOUT")[]>>;

interface Case {
  readonly helo: string;
  readonly host: string;
  readonly mailfrom: string;
  readonly result: string | readonly string[];
  readonly explanation?: string;
}

interface Scenario {
  readonly description: string;
  readonly tests: Readonly<Record<string, Case>>;
  readonly zonedata: Zone;
}

/** The resolver that the suite describes. A record of SPF stands for one of TXT where there is none. */
class SuiteResolver extends Resolver {
  readonly #zone: ReadonlyMap<string, Zone[string]>;

  constructor(zone: Zone) {
    super();
    this.#zone = new Map(Object.entries(zone).map(([name, all]) => [canonicalName(name), all]));
  }

  query<T extends RecordType>(name: string, type: T, hops = 0): Promise<DnsAnswer<T>> {
    const all = this.#zone.get(canonicalName(name));
    if (all === undefined) return Promise.reject(new DnsError("ENOTFOUND", name, type));
    const records = all.flatMap((one) => one === "TIMEOUT" ? [] : Object.entries(one));
    const alias = records.find(([kind]) => kind === "CNAME")?.[1];
    if (alias !== undefined && hops < 10) return this.query(String(alias), type, hops + 1);
    const hasText = records.some(([kind]) => kind === "TXT");
    const found = records.filter(([kind, value]) =>
      value !== "NONE" && (kind === type || kind === "SPF" && type === "TXT" && !hasText)
    );
    if (found.length === 0) {
      const code = all.includes("TIMEOUT") ? "ETIMEOUT" : "ENODATA";
      return Promise.reject(new DnsError(code, name, type));
    }
    const answer = found.map(([, value]) => recordOf(type, value)) as DnsAnswer<T>["records"];
    return Promise.resolve({ records: answer, ttl: 60, authenticated: false });
  }
}

function recordOf(type: RecordType, value: unknown): unknown {
  if (type === "TXT") return [value].flat().map(String);
  if (type !== "MX") return String(value).replace(/\.$/, "");
  const [priority, exchange] = value as readonly [number, string];
  return { priority, exchange };
}

const PATH = "/usr/share/doc/python3-spf/rfc7208-tests.yml.gz";
const need = needFile(PATH, "python3-spf");

const scenarios = (): readonly Scenario[] =>
  parseAllDocuments(new TextDecoder().decode(gunzipSync(Deno.readFileSync(PATH))))
    .map((document) => document.toJS() as Scenario);

Deno.test({
  name: "SPF gives what RFC 7208's test suite allows",
  ...need,
  fn: async (t) => {
    let cases = 0;
    for (const { description, tests, zonedata } of scenarios()) {
      for (const [name, { helo, host, mailfrom, result, explanation }] of Object.entries(tests)) {
        cases++;
        await t.step(`${description}: ${name}`, async () => {
          const lookups = new Lookups(new SuiteResolver(zonedata));
          const verdict = await checkSpf({
            ...{ address: host, helo, sender: mailfrom, hostname: "receiver.example.net" },
            identity: "mailfrom",
          }, lookups);
          assert.ok([result].flat().includes(verdict.result), JSON.stringify({ result, verdict }));
          if (explanation !== undefined) {
            assert.equal(
              (verdict.explanation ?? "DEFAULT").toLowerCase(),
              explanation.toLowerCase(),
            );
          }
        });
      }
    }
    assert.ok(cases > 200, `only ${cases} cases`);
  },
});
