/**
 * What becomes of a message for three recipients at servers that refuse, hang up, are silent, or talk nonsense.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { Timeouts } from "../../src/client/timeouts.ts";
import { brief, Sending } from "./sending.ts";
import { type Answer, type Plan, Sink } from "./sink.ts";

const FINE = "delivered";
const LOST = "deferred 4.4.2";

interface Case {
  readonly name: string;
  /** What is answered to a verb; a list is answered in its order, and its last one for ever. */
  readonly says?: Readonly<Record<string, Answer | readonly Answer[]>>;
  readonly plan?: Omit<Plan, "answer">;
  readonly timeouts?: Partial<Timeouts>;
  /** What becomes of each recipient. */
  readonly is: readonly [string, string, string] | string;
  /** How many messages the server has then; none by default, one if any was delivered. */
  readonly taken?: number;
}

const PIPELINING = { extensions: ["PIPELINING"] };
const drop = { octets: "", then: "drop" } as const;
const silence = { octets: "", then: "silence" } as const;
const octets = (octets: string): Answer => ({ octets });
const short = (key: keyof Timeouts) => ({ timeouts: { [key]: 150 } });

/** Each with a server that takes commands one by one, and with one that takes them together. */
const REFUSALS: readonly Case[] = [
  { name: "nothing is wrong", is: FINE },
  { name: "the greeting is 421", says: { GREETING: "421 4.3.2 later" }, is: "deferred 4.3.2" },
  { name: "the greeting is 554", says: { GREETING: "554 5.7.1 not you" }, is: "deferred 4.3.2" },
  { name: "EHLO is refused softly", says: { EHLO: "451 4.7.1 later" }, is: "deferred 4.3.2" },
  {
    name: "EHLO and HELO are refused",
    says: { EHLO: "502 what", HELO: "550 5.7.1 no" },
    is: "deferred 4.3.2",
  },
  { name: "only HELO is known", says: { EHLO: "502 5.5.1 what" }, is: FINE },
  { name: "MAIL is refused softly", says: { MAIL: "451 4.3.0 later" }, is: "deferred 4.3.0" },
  { name: "MAIL is refused hard", says: { MAIL: "550 5.7.1 no" }, is: "failed 5.7.1" },
  {
    name: "RCPT is refused softly, hard and not at all",
    says: { RCPT: ["450 4.2.1 later", "550 5.1.1 unknown", "250 fine"] },
    is: ["deferred 4.2.1", "failed 5.1.1", FINE],
  },
  { name: "all are refused", says: { RCPT: "550 5.1.1 unknown" }, is: "failed 5.1.1" },
  {
    name: "all are refused, and then 354 to DATA",
    says: { RCPT: "550 5.1.1 unknown", DATA: "354 go on", DOT: "554 nobody" },
    is: "failed 5.1.1",
  },
  {
    name: "DATA is refused softly, after a hard refusal of one",
    says: { RCPT: ["550 5.1.1 unknown", "250 fine"], DATA: "451 4.3.0 later" },
    is: ["failed 5.1.1", "deferred 4.3.0", "deferred 4.3.0"],
  },
  { name: "DATA is refused hard", says: { DATA: "554 5.6.0 no" }, is: "failed 5.6.0" },
  { name: "the message is refused softly", says: { DOT: "452 4.3.1 full" }, is: "deferred 4.3.1" },
  { name: "the message is refused hard", says: { DOT: "554 5.6.0 spam" }, is: "failed 5.6.0" },
  {
    name: "421 to MAIL",
    says: { MAIL: { octets: "421 4.3.2 bye\r\n", then: "drop" } },
    is: "deferred 4.3.2",
  },
  {
    name: "421 to the second RCPT",
    says: { RCPT: ["250 fine", { octets: "421 4.3.2 bye\r\n", then: "drop" }] },
    is: [LOST, "deferred 4.3.2", LOST],
  },
  { name: "the connection ends before the greeting", says: { GREETING: drop }, is: LOST },
  { name: "it ends after EHLO", says: { EHLO: drop }, is: LOST },
  { name: "it ends after MAIL", says: { MAIL: drop }, is: LOST },
  {
    name: "it ends after an RCPT that was refused hard",
    says: { RCPT: ["550 5.1.1 unknown", drop] },
    is: ["failed 5.1.1", LOST, LOST],
  },
  { name: "it ends after DATA", says: { DATA: drop }, is: LOST },
  { name: "it ends after the dot", says: { DOT: drop }, is: LOST },
  {
    name: "it ends in the midst of the last reply",
    says: { DOT: { octets: "250 fi", then: "drop" } },
    is: LOST,
  },
  { name: "never a greeting", says: { GREETING: silence }, ...short("greeting"), is: LOST },
  { name: "never an answer to EHLO", says: { EHLO: silence }, ...short("command"), is: LOST },
  { name: "never an answer to MAIL", says: { MAIL: silence }, ...short("mail"), is: LOST },
  { name: "never an answer to RCPT", says: { RCPT: silence }, ...short("rcpt"), is: LOST },
  {
    name: "never an answer to DATA",
    says: { DATA: silence },
    ...short("dataInitiation"),
    is: LOST,
  },
  {
    name: "never an answer to the dot",
    says: { DOT: silence },
    ...short("dataTermination"),
    is: LOST,
  },
  {
    name: "a line of the greeting without an end",
    says: { GREETING: { octets: "220 " + "x".repeat(1000), then: "flood" } },
    is: LOST,
  },
  {
    name: "lines without an end",
    says: { MAIL: { octets: "250-x\r\n", then: "flood" } },
    is: LOST,
  },
  {
    name: "different codes in the lines of a reply",
    says: { MAIL: "250-fine\r\n550 no" },
    is: LOST,
  },
  { name: "no reply", says: { MAIL: "hello" }, is: LOST },
  { name: "a NUL in the reply", says: { DOT: "25\x000 fine" }, is: LOST },
  { name: "8-bit in the text of replies", says: { DOT: "250 \xe4\xf6\x00\x1b[2J" }, is: FINE },
  {
    name: "bare LFs",
    says: { EHLO: octets("250-sink\n250 HELP\n"), DOT: octets("250 fine\n") },
    is: FINE,
  },
  { name: "354 to MAIL", says: { MAIL: "354 go on" }, is: LOST },
  { name: "354 to RCPT", says: { RCPT: "354 go on" }, is: LOST },
  { name: "250 to DATA", says: { DATA: "250 fine" }, is: LOST },
  {
    name: "250 before the message is there",
    says: { DATA: "354 go on\r\n250 fine", DOT: "554 5.6.0 no" },
    is: LOST,
  },
  { name: "the dot is answered twice", says: { DOT: "250 fine\r\n250 fine" }, is: FINE },
  { name: "354 to the dot", says: { DOT: "354 go on" }, is: LOST },
];

const TWICE: Case = {
  name: "two answers to RCPT",
  says: { RCPT: "250 fine\r\n250 fine" },
  is: LOST,
};

const ENDLESS: Case = {
  name: "replies without an end",
  says: { DATA: { octets: "250 fine\r\n", then: "flood" } },
  is: LOST,
};

function planOf({ says = {}, plan }: Case, more: Plan): Plan {
  return {
    ...more,
    ...plan,
    answer: ({ verb, before }) => {
      const answers = says[verb];
      if (answers === undefined) return undefined;
      if (!Array.isArray(answers)) return answers as Answer;
      return answers[Math.min(before, answers.length - 1)];
    },
  };
}

async function became(one: Case, plan: Plan): Promise<void> {
  await using sink = await Sink.start(planOf(one, plan));
  await using sending = new Sending({
    port: sink.port,
    ...one.timeouts && { timeouts: one.timeouts },
  });
  const outcomes = await sending.send();
  const expected = typeof one.is === "string" ? Array(3).fill(one.is) : one.is;
  deepEqual(outcomes.map(brief), expected, JSON.stringify(outcomes, undefined, 1));
  for (const { reason } of outcomes) ok(/^[\x20-\x7e]{1,500}$/.test(reason), reason);
  const taken = one.taken ?? (expected.includes(FINE) ? 1 : undefined);
  if (taken !== undefined) equal(sink.taken.length, taken);
}

const KINDS: readonly (readonly [string, Plan])[] = [
  ["one by one", {}],
  ["pipelined", PIPELINING],
  ["octet by octet", { ...PIPELINING, octetwise: true }],
];

for (const [kind, plan] of KINDS) {
  Deno.test(`a message for three recipients, ${kind}`, async (test) => {
    for (const one of [...REFUSALS, TWICE, ENDLESS]) {
      await test.step(one.name, () => became(one, plan));
    }
  });
}
