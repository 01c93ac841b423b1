/**
 * The rules of a queue, which a reload may replace.
 * @module
 */
import type { Targets } from "../targets/target.ts";
import type { ReportSettings } from "./report/report.ts";
import type { ScheduleSettings } from "./schedule.ts";

/** How a queue delivers. */
export interface QueueRules {
  readonly targets: Targets;
  readonly schedule: ScheduleSettings;
  readonly reports: ReportSettings;
  /** Milliseconds for which is known what became of a message after its end. */
  readonly keep: number;
}
