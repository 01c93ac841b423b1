/**
 * Messages of all shapes that reach a server, the same ones each time.
 *
 * @module
 */

/** A message with one character for each octet. */
export interface Sample {
  readonly text: string;
  /** It has an LF without a CR, which programs on the way turn into CRLF, or not. */
  readonly hasBareLf: boolean;
}

/** So many messages. */
export const samples = (count: number): readonly Sample[] =>
  Array.from({ length: count }, (_, i) => sample(i));

function sample(seed: number): Sample {
  const random = new Random(seed);
  const body = random.pick(BODIES)(random);
  const isEnded = body === "" || body.endsWith("\r\n"); // as DATA brings it
  const text = `${header(random)}\r\n${body}${isEnded ? "" : "\r\n"}`;
  return { text, hasBareLf: /(?<!\r)\n/.test(text) };
}

/** Numbers that look random (Mulberry32). */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2654435761 + 1;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    t = (t + Math.imul(t ^ t >>> 7, 61 | t)) ^ t;
    return Math.floor(((t ^ t >>> 14) >>> 0) / 4294967296 * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Up to so many of them, one after the other. */
  some(items: readonly string[], most: number): string {
    return Array.from({ length: this.below(most + 1) }, () => this.pick(items)).join("");
  }
}

const USUAL = ["From", "FROM", "from"];
const NAMES = [...USUAL, ...USUAL, ...USUAL, ...USUAL, "From ", "from\t"];
const VALUES = [
  " Joe <joe@football.example.com>",
  "joe@football.example.com",
  " \t Joe\r\n Six \t Pack\r\n\t<joe@football.example.com> ",
  ' "Joe; b=x" <joe@football.example.com>',
];
const FIELDS = [
  "Subject: Is dinner ready?\r\n",
  "Subject:\r\n",
  "Subject: \r\n",
  "Subject:  a  b\t\tc  \r\n",
  "subject: folded\r\n once\r\n\ttwice \t\r\n   \r\n end\r\n",
  "SUBJECT: =?utf-8?q?=C3=A4?=\r\n",
  "Subject: \xc3\xa4\xc3\xb6 \xe9\xa0 raw\r\n",
  "To: Suzie Q <suzie@shopping.example.net>\r\n",
  "To: a@example.net,\r\n\tb@example.net,\r\n  c@example.net\r\n",
  "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n",
  "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n",
  "Received: from a by b; Fri, 11 Jul 2003 21:01:54 -0700\r\n",
  "Received: from c by d\r\n\t(with e);\r\n\tFri, 11 Jul 2003 21:01:54 -0700\r\n",
  "MIME-Version: 1.0\r\n",
  'Content-Type: multipart/mixed; boundary="=_b"\r\n',
  "X-Long: " + "word ".repeat(180) + "\r\n",
  "X-Longer: " + "x".repeat(5000) + "\r\n",
  "X-Colons: a: b: c;; d=e; b=f\r\n",
  "Reply-To:joe@football.example.com\r\n",
  "List-Id: <list.example.com>\r\n",
];

function header(random: Random): string {
  const from = `${random.pick(NAMES)}:${random.pick(VALUES)}\r\n`;
  return random.some(FIELDS, 4) + from + random.some(FIELDS, 8);
}

const LINES = [
  "Hi.\r\n",
  "\r\n",
  "\r\n\r\n\r\n",
  "We lost the game.  Are you hungry yet?\r\n",
  " leading\r\n",
  "trailing  \r\n",
  "trailing\t\r\n",
  " \r\n",
  "\t \t\r\n",
  "a\tb \tc\r\n",
  ".\r\n",
  "..dots\r\n",
  "\xc3\xa4\xf6\xff 8-bit \xa0 \x80\r\n",
  "\x01 \x7f\r\n",
  "x".repeat(998) + "\r\n",
  "y z ".repeat(3000) + "\r\n",
  "--=_b\r\n",
];
const ODD = [
  "\0 \0\r\n",
  "bare\rCR\r\n",
  "CR at the end\r\r\n",
  "\r\r",
  " \r \r\n",
  "CR and space\r \r\n",
];
const BARE_LF = ["bare\nLF\r\n", "\n", "a \n b\r\n", "\n\r\n"];
const ENDS = [
  "",
  "\r\n",
  "\r\n\r\n\r\n",
  " ",
  "no line end",
  "space \r\n \r\n",
  "\t\r\n",
  "\r",
  "x\r",
];

const BODIES: readonly ((random: Random) => string)[] = [
  () => "",
  (random) => random.pick(ENDS),
  (random) => random.some(["\r\n", " \r\n", "\t\r\n"], 20),
  (random) => random.some(LINES, 5) + random.pick(ENDS),
  (random) => random.some(LINES, 40) + random.pick(ENDS),
  (random) => random.some(LINES, 400),
  (random) => random.some([...LINES, ...ODD], 20) + random.pick(ENDS),
  (random) => random.some([...LINES, ...ODD, ...BARE_LF], 20) + random.pick(ENDS),
];
