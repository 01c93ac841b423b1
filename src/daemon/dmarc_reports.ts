/**
 * Aggregate reports of DMARC of a server of this process.
 * @module
 */
import type { Config } from "../config/mod.ts";
import { dmarcReportsFile } from "../config/dmarc_reports.ts";
import type { Resolver } from "../dns/resolver.ts";
import { DmarcReports } from "../dmarc/dmarc_reports.ts";
import type { Log } from "../log/event.ts";
import type { Queue } from "../queue/queue.ts";

/** What reports share with their server. */
interface Shared {
  readonly dns: Resolver;
  readonly queue: Pick<Queue, "sendWritten">;
  readonly log: Log;
}

/** Counts and reports, if the configuration says so. `opened` ends it. */
export function startDmarcReports(
  { dmarcReports, hostname, stateDirectory }: Config,
  { dns, queue, log }: Shared,
  opened: AsyncDisposableStack,
): DmarcReports | undefined {
  if (dmarcReports === undefined) return undefined;
  const { contact, organization = hostname } = dmarcReports;
  const reports = new DmarcReports({
    ...{ file: dmarcReportsFile(stateDirectory), dns, log, now: Date.now },
    reporter: { contact, organization, hostname },
    send: (mail) => queue.sendWritten(mail),
  });
  opened.defer(() => reports.close());
  return reports;
}
