/**
 * What is told of a session that went wrong.
 * @module
 */
import type { House } from "./house.ts";
import { type Act, type Plan, play } from "./run.ts";

/** A session that went wrong. */
export interface Failure {
  readonly plan: Plan;
  readonly fault: string;
  /** The acts of the session in which the same goes wrong, without those that do not matter. */
  readonly acts: readonly Act[];
}

/** Makes the session shorter as long as something goes wrong: without acts, and with fewer pieces. */
export async function shrink(plan: Plan, fault: string, house?: House): Promise<Failure> {
  if (house !== undefined) house.patience = 1000;
  const failure = { plan, fault, acts: plan.acts };
  const attempt = async (acts: readonly Act[]): Promise<boolean> => {
    const still = await play({ ...plan, acts }, house);
    if (still !== undefined) Object.assign(failure, { fault: still, acts });
    return still !== undefined;
  };
  for (let size = plan.acts.length >> 1; size > 0; size >>= 1) {
    for (let i = 0; i < failure.acts.length;) {
      if (!await attempt(failure.acts.toSpliced(i, size))) i += size;
    }
  }
  for (let i = 1; i < failure.acts.length;) {
    const [last, next] = failure.acts.slice(i - 1) as [Act, Act];
    const joined = typeof last === "object" && typeof next === "object" && "send" in last &&
      "send" in next &&
      await attempt(failure.acts.toSpliced(i - 1, 2, { send: last.send + next.send }));
    if (!joined) i++;
  }
  return failure;
}

/** A failure as text: the seed, what is wrong, and each act of the shorter session. */
export function print(
  { plan: { seed, world, acts: all, door, header }, fault, acts }: Failure,
): string {
  const { limits, ...traits } = world;
  const { errors, recipients, messageSize, textLine, headerSize, received } = limits;
  const tight = { errors, recipients, messageSize, textLine, headerSize, received };
  return [
    `wrong with seed ${seed}: ${fault}`,
    `play it again: deno task fuzz --seed ${seed}${door === undefined ? "" : " --sockets"}`,
    `server: ${JSON.stringify({ ...traits, ...tight })}`,
    ...header === undefined ? [] : [`after the header ${quoted(header.octets)}`],
    `acts (${acts.length} of ${all.length} are enough):`,
    ...acts.map((act) =>
      typeof act !== "object"
        ? `  ${act}`
        : "send" in act
        ? `  send ${quoted(act.send)}`
        : `  prove to be ${act.user}, who has the password ${act.password}`
    ),
  ].join("\n");
}

/** A text as an expression of JavaScript, without long repetitions. */
function quoted(text: string): string {
  const parts: string[] = [];
  let end = 0;
  for (const { index, 0: run, 1: unit = "" } of text.matchAll(/([^]{1,100}?)\1{19,}/g)) {
    if (index > end) parts.push(JSON.stringify(text.slice(end, index)));
    parts.push(`${JSON.stringify(unit)}.repeat(${run.length / unit.length})`);
    end = index + run.length;
  }
  if (end < text.length) parts.push(JSON.stringify(text.slice(end)));
  return parts.join(" + ");
}
