/**
 * Whether reports of DMARC can leave.
 * @module
 */
import type { Faults } from "./faults.ts";
import type { ReadSettings } from "./settings.ts";

/** Reports leave by the queue and `relay`. */
export function checkDmarcReports({ settings, wrong }: ReadSettings, faults: Faults): void {
  const { dmarcReports, queue, relay } = settings;
  if (dmarcReports === undefined) return;
  const missing = queue === undefined && !wrong.has("queue")
    ? "a queue: remove `queue: none`"
    : relay === undefined && !wrong.has("relay")
    ? "`relay`, by which they leave: add `relay: {mx: {}}`"
    : undefined;
  if (missing !== undefined) faults.add(["dmarc-reports"], `reports need ${missing}`);
}
