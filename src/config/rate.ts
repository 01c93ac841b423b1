/**
 * How rates are written in a configuration.
 * @module
 */
import { z } from "zod";
import { attempt, shownAs } from "../base/kinds.ts";
import type { Rate } from "../base/rate.ts";
import { parseDuration } from "../base/units.ts";

const RATE = /^(\d+) *\/ *(\d*) *(s|min|h|d)$/;
const A_RATE = "a rate such as `100/min`";

/** How many in which time: `100/min`. */
export const rate: z.ZodType<Rate, string> = shownAs(
  z.string({ error: A_RATE }).transform(attempt(parseRate)),
  () => z.string({ error: A_RATE }).regex(RATE),
).meta({ title: A_RATE });

function parseRate(text: string): Rate {
  const [, times, many, unit] = RATE.exec(text) ?? [];
  const span = unit === undefined ? 0 : parseDuration(`${many || 1} ${unit}`);
  if (Number(times) >= 1 && span > 0) return { times: Number(times), span };
  throw new TypeError(
    `\`${text}\` is no rate: write how many in which time, such as \`100/min\` or \`5/10 s\``,
  );
}
