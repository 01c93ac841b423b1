/**
 * `postmaster init`: a first configuration and policy for this machine.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { CachingResolver } from "../dns/caching_resolver.ts";
import { BoundResolver } from "../dns/resolver.ts";
import type { DnsServer } from "../dns/server_address.ts";
import { configuration, FILES } from "./init/configuration.ts";
import { lookAround } from "./init/host.ts";
import { makePlan, type Wishes } from "./init/plan.ts";
import { POLICY, transcript } from "./init/policy.ts";
import { judgeRecords } from "./init/records.ts";
import { nextSteps, recordLines, remarks } from "./init/report.ts";
import { makeOpen, refuseExisting, writeNew } from "./init/write.ts";

/** What the command line may say. */
export interface InitFlags extends Wishes {
  /** The DNS server that is asked, instead of those of the system. */
  readonly dns?: DnsServer;
}

/** Milliseconds for everything that is looked up in the DNS. */
const PATIENCE = 5000;

/** Writes the files into `directory`, and says what it wrote and what to publish. Throws if one is there. */
export async function init(directory: string, flags: InitFlags): Promise<void> {
  const place = resolve(directory);
  const pathOf = (name: string) => join(place, name);
  refuseExisting(Object.values(FILES).map(pathOf));
  const signal = AbortSignal.timeout(PATIENCE);
  const servers = flags.dns === undefined ? {} : { servers: [flags.dns] };
  const dns = new BoundResolver(new CachingResolver(servers), () => signal);
  const plan = await makePlan(lookAround(), flags, place, dns);
  const files = new Map([
    [pathOf(FILES.configuration), configuration(plan)],
    [pathOf(FILES.handlers), POLICY],
    [pathOf(FILES.transcript), transcript(plan)],
  ]);
  if (plan.user === undefined) mkdirSync(place, { recursive: true });
  else makeOpen(place);
  writeNew(place, files);
  for (const path of files.keys()) console.log(`wrote ${path}`);
  section("To go on:", nextSteps(plan, pathOf));
  console.log(`\n${plan.mailer.where}`);
  const records = await judgeRecords(plan, dns);
  section("DNS records to publish:", recordLines(records));
  console.log(`\n${remarks(records).join("\n")}`);
}

function section(title: string, lines: readonly string[]): void {
  console.log(`\n${title}`);
  for (const line of lines) console.log(`  ${line}`);
}
