/**
 * Viruses, found by ClamAV.
 * @module
 */
import { Buffer } from "node:buffer";
import { type HandlerFactory, say } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { type FilterAddress, filterAddress } from "./filters/address.ts";
import { examining, type Judgement, type Mail, TooLarge } from "./filters/examine.ts";
import { exchange } from "./filters/exchange.ts";
import { FilterFault } from "./filters/failure.ts";
import { askingOptions, type FilterOptions } from "./filters/options.ts";
import { plain } from "./plain.ts";
import { type Aside, QUARANTINE, type Quarantine, quarantine } from "./quarantine.ts";

/** The options of {@linkcode clamav}. */
export interface ClamavOptions extends FilterOptions {
  /** Where `clamd` listens. */
  readonly address: string;
  /**
   * What becomes of a message with a virus: it is refused (`reject`), or goes to a field `X-Quarantine` (`header`), by
   * which mailers can sort; the queue, where an operator decides (`hold`); an address that gets the message instead of
   * its recipients (`{ to: ADDRESS }`); or nothing but a note (`none`).
   */
  readonly onVirus?: "reject" | Quarantine;
}

/**
 * Has ClamAV look for viruses in messages, by its daemon `clamd`. A message with a virus is refused.
 *
 * The daemon takes no message larger than its `StreamMaxLength`: what `on-too-large` says becomes of those, too.
 *
 * @example
 * ```ts
 * import { clamav } from "postmaster/handlers";
 *
 * export default clamav({ address: "unix:/run/clamav/clamd.ctl", onVirus: "hold" });
 * ```
 */
export const clamav: HandlerFactory<ClamavOptions> = defineHandler({
  name: "clamav",
  summary: "Has ClamAV look for viruses in messages.",
  options: kinds.options({
    address: filterAddress.describe("Where `clamd` listens.")
      .meta({ examples: ["unix:/run/clamav/clamd.ctl", "127.0.0.1:3310"] }),
    onVirus: z.union([z.literal("reject"), quarantine]).default("reject").describe(
      `What becomes of a message with a virus: it is refused (\`reject\`), or goes to ${QUARANTINE}`,
    ),
    ...askingOptions("100 MiB"),
  }),
  create: ({ address, onVirus, ...asking }) =>
    examining("clamav", asking, (mail) => scan(address, onVirus, mail)),
  remote: true,
  example: "clamav: { address: unix:/run/clamav/clamd.ctl }",
  holds: ({ onVirus }) => onVirus === "hold",
});

/** The most octets of an answer. */
const MOST = 4096;
/** The largest chunk that is sent in one piece. */
const CHUNK = 64 * 1024;

async function scan(
  address: FilterAddress,
  onVirus: "reject" | Aside,
  { body, session, signal }: Mail,
): Promise<Judgement> {
  const octets = await exchange({ address, question: stream(body), last: 0, most: MOST, signal });
  const answer = octets.toString("utf8").replace(/\0[^]*$/, "");
  const [, says, word] = /^stream: (?:(.*) )?(OK|FOUND)$/.exec(answer) ?? [];
  if (word === "OK") return { verdict: { result: "clean" } };
  if (/size limit exceeded/i.test(answer)) throw new TooLarge();
  if (word !== "FOUND" || says === undefined) {
    throw new FilterFault(`it answers ${JSON.stringify(answer.slice(0, 200))}`);
  }
  session.log("found a virus", { virus: says });
  const verdict = { result: "virus", says } as const;
  const reason = `virus ${plain(says, 200)}`;
  return onVirus === "reject"
    ? { verdict, reply: say(5, 5, 0, `the message has a virus: ${reason.slice(6)}`, "5.7.1") }
    : { verdict, aside: { to: onVirus, reason } };
}

/** The command INSTREAM: chunks with their lengths, and an empty one (clamd(8)). */
async function* stream(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield Buffer.from("zINSTREAM\0");
  for await (const piece of body) {
    for (let at = 0; at < piece.length; at += CHUNK) {
      const chunk = piece.subarray(at, at + CHUNK);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(chunk.length);
      yield Buffer.concat([length, chunk]);
    }
  }
  yield Buffer.alloc(4);
}
