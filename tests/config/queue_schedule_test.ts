import assert from "node:assert/strict";
import { ConfigError } from "../../src/config/mod.ts";
import { parseConfig } from "./with_postmaster.ts";

/** The queue of a configuration. */
const queueOf = (text: string) =>
  parseConfig(
    `queue: ${text}`,
    "/nowhere/postmaster.yaml",
  ).queue;

/** What is wrong with it. */
function faultIn(text: string): string {
  try {
    queueOf(text);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems.map(({ message }) => message).join("\n");
    }
    throw error;
  }
  return "";
}

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

Deno.test("the schedule has defaults", () => {
  const { retry, lifetime, warnAfter, longestHold, concurrency, destination, destinations } =
    queueOf("{}")!;
  assert.deepEqual(retry, [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR]);
  assert.deepEqual([lifetime, warnAfter, longestHold], [5 * DAY, 4 * HOUR, 30 * DAY]);
  assert.deepEqual([concurrency, destination, destinations], [
    100,
    { concurrency: 20, initial: 5 },
    {},
  ]);
});

Deno.test("pauses are a list, or grow by a factor until the longest", () => {
  assert.deepEqual(queueOf("{retry: [30 s]}")!.retry, [30 * SECOND]);
  assert.deepEqual(
    queueOf("{retry: {first: 1 min, factor: 3, most: 20 min}}")!.retry,
    [1, 3, 9, 20].map((minutes) => minutes * MINUTE),
  );
  assert.deepEqual(queueOf("{retry: {first: 5 min, most: 1 min}}")!.retry, [MINUTE]);
});

Deno.test("destinations have settings of their own, by their names in any spelling", () => {
  const { destinations } = queueOf(
    "{destinations: {Bücher.Example: {concurrency: 2, rate: 5/10 s, retry: [1 h], lifetime: 1 d}}}",
  )!;
  assert.deepEqual(destinations, {
    "xn--bcher-kva.example": {
      concurrency: 2,
      rate: { times: 5, span: 10 * SECOND },
      retry: [HOUR],
      lifetime: DAY,
    },
  });
  assert.deepEqual(queueOf("{destination: {rate: 100/min}}")!.destination, {
    concurrency: 20,
    initial: 5,
    rate: { times: 100, span: MINUTE },
  });
});

Deno.test("nobody need be told of late mail", () => {
  assert.equal(queueOf("{warn-after: never}")!.warnAfter, undefined);
});

Deno.test("each mistake in a schedule is named where it is", () => {
  const mistakes: Readonly<Record<string, RegExp>> = {
    "{retry: []}": /`queue\.retry\[0\]`: this is missing: it must be a duration/,
    "{retry: 5 min}": /`queue\.retry`: must be a list of durations/,
    "{retry: [0 s]}": /`queue\.retry\[0\]`: `0 ms` is too little: make it 1 s or more/,
    "{retry: [1 min, soon]}": /`queue\.retry\[1\]`: `soon` is not a duration/,
    "{retry: {first: 1 min}}": /`queue\.retry\.most`/,
    "{retry: {first: 1 min, most: 1 h, factor: 1}}": /`queue\.retry\.factor`: must be 1\.1 or more/,
    "{destination: {rate: [100]}}": /`queue\.destination\.rate`: must be a rate such as `100\/min`/,
    "{destination: {rate: 0/min}}": /`0\/min` is no rate: write how many in which time/,
    "{destination: {rate: 5/0 s}}": /`5\/0 s` is no rate/,
    "{destinations: {a.example: {rat: 5/s}}}": /unknown key `rat`.*did you mean `rate`/,
    "{destinations: 5}": /must be a mapping such as `example\.net: \{concurrency: 2\}`/,
    "{concurrency: 0}": /`queue\.concurrency`: must be 1 or more/,
    "{warn-after: soon}": /`queue\.warn-after`/,
  };
  for (const [text, message] of Object.entries(mistakes)) assert.match(faultIn(text), message);
});
