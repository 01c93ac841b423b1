/**
 * Changes of a transcript.
 * @module
 */
import type { Random } from "./random.ts";
import type { Transcript } from "./recorded.ts";

type Mutation = (steps: string[], random: Random, other: Transcript) => void;

/** Changes the text of one step. */
const onStep = (change: (step: string, random: Random) => string): Mutation => (steps, random) => {
  const i = random.below(steps.length);
  steps[i] = change(steps[i] ?? "", random);
};

const insertAt = (step: string, random: Random, what: string): string => {
  const at = random.below(step.length + 1);
  return step.slice(0, at) + what + step.slice(at);
};

/** Octets that mean something to a server. */
const TELLING = [...'\r\n\0\t .:<>@"\\[]=+-*;,\x7f\x80\xff'];

const MUTATIONS: readonly Mutation[] = [
  (steps, random) => void steps.splice(random.below(steps.length), 1),
  (steps, random) => {
    const i = random.below(steps.length);
    steps.splice(i, 0, steps[i] ?? "");
  },
  (steps, random) => {
    const [i, j] = [random.below(steps.length), random.below(steps.length)];
    [steps[i], steps[j]] = [steps[j] ?? "", steps[i] ?? ""];
  },
  (steps, random, other) => void steps.splice(random.below(steps.length), 0, random.pick(other)),
  (steps, random, other) => {
    steps.splice(
      random.below(steps.length + 1),
      steps.length,
      ...other.slice(random.below(other.length)),
    );
  },
  (steps, random) => void steps.splice(random.below(steps.length), 0, "RSET\r\n"),
  onStep((step, random) => insertAt(step, random, random.pick(TELLING))),
  onStep((step, random) => insertAt(step, random, random.octets(random.between(1, 20)))),
  onStep((step, random) =>
    insertAt(step, random, "x".repeat(random.pick([500, 505, 600, 1000, 13_000])))
  ),
  onStep((step, random) => {
    const [what, count] = random.pick(
      [["x", 2_000_000], ["x\r\n", 4000], ["NOOP\r\n", 3000]] as const,
    );
    return insertAt(step, random, what.repeat(random.chance(0.1) ? count : count / 10));
  }),
  onStep((step, random) => {
    const at = random.below(step.length);
    const changed = String.fromCharCode(step.charCodeAt(at) ^ (1 << random.below(8)) & 0xff);
    return step === "" ? step : step.slice(0, at) + changed + step.slice(at + 1);
  }),
  onStep((step, random) => step.slice(0, random.below(step.length + 1))),
  onStep((step, random) => {
    const at = random.below(step.length);
    return step.slice(0, at) + step.slice(at + random.between(1, 5));
  }),
  onStep((step) => step.replace(/\r\n$/, "\n")),
  onStep((step) => step.replace(/\r\n/, "\r")),
  onStep((step) => step.replaceAll("\r\n", "\n")),
  onStep((step) => step.toLowerCase()),
  onStep((step) => step.replace(/ /, "  ")),
  onStep((step) => step.replace(/\r\n/, " \r\n")),
  onStep((step, random) => step.replace(/\d+/, `${random.pick([0, 1, 42, 2 ** 31, 2 ** 53])}`)),
];

/** A transcript with some changes; none at all in some sessions. */
export function mutated(
  transcript: Transcript,
  random: Random,
  other: () => Transcript,
): Transcript {
  const steps = [...transcript];
  const count = random.chance(0.2) ? 0 : random.between(1, 4);
  for (let i = 0; i < count && steps.length > 0; i++) {
    random.pick(MUTATIONS)(steps, random, other());
  }
  return steps;
}
