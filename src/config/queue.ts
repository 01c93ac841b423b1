/**
 * The part of the schema that is about the queue.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import type { DeliveryTime } from "../targets/target.ts";
import { scheduleShape } from "./queue_schedule.ts";
import { chosen, lifetime, location, options, size } from "../base/kinds.ts";
import { reportsSchema } from "./reports.ts";

/** When mail is delivered. */
export const deliverySchema: z.ZodType<DeliveryTime, DeliveryTime> = z.enum([
  "queued",
  "before-reply",
]);

/** What a configuration says of the queue; `undefined` for `none`. */
const settings = options({
  directory: location.optional().describe(
    "Where mail waits. It must be on a disk that survives a restart, and on this machine. One server " +
      "uses it. The default is the directory `queue` in the state directory.",
  ).meta({ examples: ["/var/spool/postmaster"] }),
  reserve: size(0).prefault("64 MiB").describe(
    "The free space that must be left on the disk: with less, messages are refused with 452, and " +
      "those in the queue are still delivered.",
  ),
  bounces: reportsSchema.prefault({}).describe(
    "What senders are told of their messages: of failures and delays, and of success if they want it.",
  ),
  keep: lifetime(0).prefault("7 d").describe(
    "How long the server knows what became of a message after its end, for `postmaster trace`.",
  ),
  ...scheduleShape,
});

const none = z.literal("none").transform(() => undefined);

export const queueSchema = chosen<QueueSettings | undefined, unknown>(
  (value): z.ZodType<QueueSettings | undefined> => typeof value === "string" ? none : settings,
  () => z.union([none, settings]),
).meta({ title: "a mapping such as `{reserve: 1 GiB}`, or `none`" });

/** What a configuration says of the queue. */
export type QueueSettings = z.output<typeof settings>;

/** The directory of the queue. */
export const queueDirectory = (
  { directory }: Pick<QueueSettings, "directory">,
  stateDirectory: string,
): string => directory ?? join(stateDirectory, "queue");
