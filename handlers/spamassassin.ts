/**
 * Spam, found by SpamAssassin.
 * @module
 */
import { dateTime, type HandlerFactory, parseIp, type Reply, say, type Session } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { type FilterAddress, filterAddress } from "./filters/address.ts";
import { clientName } from "./filters/client_name.ts";
import { examining, type Judgement, type Mail } from "./filters/examine.ts";
import { exchange } from "./filters/exchange.ts";
import { FilterFault } from "./filters/failure.ts";
import { folded, putFields } from "./filters/fields.ts";
import { askingOptions, type FilterOptions } from "./filters/options.ts";
import { type Aside, QUARANTINE, type Quarantine, quarantine } from "./quarantine.ts";

/** The options of {@linkcode spamassassin}. */
export interface SpamassassinOptions extends FilterOptions {
  /** Where `spamd` listens. */
  readonly address: string;
  /** The user of `spamd` whose preferences hold. */
  readonly user?: string;
  /** The points from which on a message is refused; by default none is. */
  readonly refuseAt?: number;
  /**
   * What becomes of other spam, besides its fields: it is refused (`reject`), or goes to a field `X-Quarantine`
   * (`header`), by which mailers can sort; the queue, where an operator decides (`hold`); an address that gets the
   * message instead of its recipients (`{ to: ADDRESS }`); or nothing but a note (`none`).
   */
  readonly onSpam?: "none" | "reject" | Quarantine;
}

/** What is done with spam. */
interface Policy {
  readonly address: FilterAddress;
  readonly user: string | undefined;
  readonly refuseAt: number | undefined;
  readonly onSpam: "reject" | Aside;
}

/**
 * Has SpamAssassin judge messages, by its daemon `spamd`. Each message gets the fields `X-Spam-Flag`, `X-Spam-Score`
 * and `X-Spam-Status`, in the place of those that came with it. The message itself stays as it is.
 *
 * @example
 * ```ts
 * import { spamassassin } from "postmaster/handlers";
 *
 * export default spamassassin({ address: "127.0.0.1:783", refuseAt: 10 });
 * ```
 */
export const spamassassin: HandlerFactory<SpamassassinOptions> = defineHandler({
  name: "spamassassin",
  summary: "Has SpamAssassin judge messages.",
  options: kinds.options({
    address: filterAddress.describe("Where `spamd` listens.")
      .meta({ examples: ["127.0.0.1:783", "unix:/run/spamd.sock"] }),
    user: z.string().regex(/^[\w.@+-]{1,200}$/, { error: "the name of a user" }).optional()
      .describe("The user of `spamd` whose preferences hold."),
    refuseAt: z.number({ error: "a number of points, such as 10" }).optional().describe(
      "The points from which on a message is refused; by default none is.",
    ),
    onSpam: z.union([z.literal("reject"), quarantine]).default("none").describe(
      "What becomes of other spam, besides its fields: it is refused (`reject`), or goes to " +
        QUARANTINE,
    ),
    ...askingOptions("512 KiB"),
  }),
  create: ({ address, user, refuseAt, onSpam, ...asking }) =>
    examining("spamassassin", asking, (mail) => judge({ address, user, refuseAt, onSpam }, mail)),
  example: "spamassassin: { address: 127.0.0.1:783, refuse-at: 10 }",
  holds: ({ onSpam }) => onSpam === "hold",
});

/** The most octets of an answer. */
const MOST = 64 * 1024;

async function judge(policy: Policy, mail: Mail): Promise<Judgement> {
  const { address, user, refuseAt, onSpam } = policy;
  const { session, signal } = mail;
  const question = ask(mail, user, await trace(session, signal));
  const answer = await exchange({ address, question, most: MOST, signal });
  const { isSpam, score, threshold, tests } = readAnswer(answer.toString("latin1"));
  session.log("judged by SpamAssassin", { score, threshold, tests: tests.join(",") });
  const verdict = { result: isSpam ? "spam" : "clean", score, threshold, tests } as const;
  if (score >= (refuseAt ?? Infinity) || (isSpam && onSpam === "reject")) {
    return { verdict, reply: REFUSED };
  }
  const word = isSpam ? "Yes" : "No";
  return {
    verdict,
    edit: (header) =>
      putFields(header, {
        "X-Spam-Flag": word.toUpperCase(),
        "X-Spam-Score": `${score}`,
        "X-Spam-Status": `${word}, score=${score} required=${threshold}\r\n\ttests=${
          folded(tests.length === 0 ? ["none"] : tests)
        }`,
      }),
    ...isSpam && onSpam !== "reject" && onSpam !== "none"
      ? { aside: { to: onSpam, reason: `spam of ${score} points` } }
      : {},
  };
}

const REFUSED: Reply = say(5, 5, 0, "the message looks like spam", "5.7.1");

/** The command SYMBOLS, whose answer has the points and the tests and nothing of the message. */
async function* ask(
  { size, body }: Mail,
  user: string | undefined,
  trace: string,
): AsyncGenerator<Uint8Array> {
  const top = new TextEncoder().encode(trace);
  const head = [
    "SYMBOLS SPAMC/1.5",
    `Content-length: ${top.length + size}`,
    ...user === undefined ? [] : [`User: ${user}`],
  ];
  yield new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`);
  yield top;
  yield* body;
}

/** The fields by which SpamAssassin knows the client and the sender: the message has none of this server's yet. */
async function trace(session: Session, signal: AbortSignal): Promise<string> {
  const { helo, hostname, mailFrom, peer, time, transaction, user } = session;
  const ip = parseIp(peer.address) === undefined ? "127.0.0.1" : peer.address;
  const literal = ip.includes(":") ? `IPv6:${ip}` : ip;
  const name = await clientName(session, signal) ?? "unknown";
  const client = /^[\w.:[\]-]+$/.test(helo?.name ?? "") ? helo?.name : "unknown";
  const protocol = user === undefined ? "ESMTP" : "ESMTPA";
  return `X-Envelope-From: <${mailFrom ?? ""}>\r\n` +
    `Received: from ${client} (${name} [${literal}])\r\n` +
    `\tby ${hostname} with ${protocol} id ${transaction?.id};\r\n` +
    `\t${dateTime(time.getTime())}\r\n`;
}

interface Answer {
  readonly isSpam: boolean;
  readonly score: number;
  readonly threshold: number;
  readonly tests: readonly string[];
}

/** Reads `SPAMD/1.1 0 EX_OK`, fields, and the names of the tests. Throws a FilterFault. */
function readAnswer(answer: string): Answer {
  const [, status = "", fields = "", rest = ""] =
    /^SPAMD\/\d+\.\d+ (.*)\r\n((?:.*:.*\r\n)*)\r\n([^]*)$/.exec(answer) ?? [];
  if (!/^0 /.test(status)) {
    throw new FilterFault(`it answers ${JSON.stringify(answer.slice(0, 200))}`);
  }
  const [, word, score, threshold] =
    /^Spam: (True|False) ; (-?\d+(?:\.\d+)?) \/ (-?\d+(?:\.\d+)?)\r$/m
      .exec(fields) ?? [];
  const length = /^Content-length: (\d+)\r$/mi.exec(fields)?.[1] ?? rest.length;
  if (word === undefined || rest.length < Number(length)) {
    throw new FilterFault("its answer breaks off");
  }
  return {
    isSpam: word === "True",
    score: Number(score),
    threshold: Number(threshold),
    tests: rest.trim().split(/[,\s]+/).filter((test) => /^\w+$/.test(test)),
  };
}
