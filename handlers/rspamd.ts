/**
 * Mail judged by rspamd.
 * @module
 */
import { type HandlerFactory, type Reply, say, Secret } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { type FilterAddress, filterAddress } from "./filters/address.ts";
import { examining, type Judgement, type Mail } from "./filters/examine.ts";
import { FilterFault } from "./filters/failure.ts";
import { putFields } from "./filters/fields.ts";
import { post } from "./filters/http.ts";
import { askingOptions, type FilterOptions } from "./filters/options.ts";
import { plain } from "./plain.ts";
import { type Aside, QUARANTINE, type Quarantine, quarantine } from "./quarantine.ts";
import { readAnswer, type RspamdAnswer } from "./rspamd/answer.ts";
import { edit } from "./rspamd/edit.ts";
import { envelope } from "./rspamd/request.ts";

const MEANINGS = ["reject", "defer", "discard", "spam", "subject", "quarantine", "none"] as const;
/** What an action of rspamd leads to. */
export type RspamdMeaning =
  | "reject"
  | "defer"
  | "discard"
  | "spam"
  | "subject"
  | "quarantine"
  | "none";

/** The options of {@linkcode rspamd}. */
export interface RspamdOptions extends FilterOptions {
  /** Where a worker of rspamd listens. */
  readonly address: string;
  /** A file with the password of the worker, and nothing else. */
  readonly passwordFile?: string;
  /**
   * What actions of rspamd lead to, where that is not the usual: `reject`, `defer`, `discard`, `spam` (fields that
   * mark it), `subject` (the same, with another subject), `quarantine`, or `none`.
   */
  readonly actions?: Readonly<Record<string, RspamdMeaning>>;
  /**
   * Where messages go that are put aside: a field `X-Quarantine` (`header`), by which mailers can sort; the queue,
   * where an operator decides (`hold`); an address that gets the message instead of its recipients (`{ to: ADDRESS
   * }`); or nothing but a note (`none`).
   */
  readonly quarantine?: Quarantine;
}

/** What is done with messages. */
interface Policy {
  readonly address: FilterAddress;
  readonly passwordFile: Secret | undefined;
  readonly actions: ReadonlyMap<string, RspamdMeaning>;
  readonly quarantine: Aside;
}

/** What actions lead to. */
const USUAL: Readonly<Record<string, RspamdMeaning>> = {
  "reject": "reject",
  "soft reject": "defer",
  "greylist": "defer",
  "rewrite subject": "subject",
  "add header": "spam",
  "quarantine": "quarantine",
  "discard": "discard",
  "no action": "none",
};

/**
 * Has rspamd judge messages, by its worker `normal` or by its proxy. Each message gets the fields that rspamd wants,
 * also its DKIM signatures; what rspamd does not want is deleted. `X-Spam`, `X-Spam-Score` and `X-Spam-Action` that
 * came with a message are deleted, and written anew if the message is spam.
 *
 * The action `reject` refuses a message with rspamd's own words, `soft reject` and `greylist` defer it, `add header`
 * marks it with the fields above, `rewrite subject` also gives it another subject.
 *
 * @example
 * ```ts
 * import { rspamd } from "postmaster/handlers";
 *
 * export default rspamd({
 *   address: "127.0.0.1:11333",
 *   actions: { "add header": "quarantine" },
 *   quarantine: { to: "spam@example.net" },
 * });
 * ```
 */
export const rspamd: HandlerFactory<RspamdOptions> = defineHandler({
  name: "rspamd",
  summary: "Has rspamd judge messages.",
  options: kinds.options({
    address: filterAddress.describe("Where a worker of rspamd listens.")
      .meta({ examples: ["127.0.0.1:11333", "unix:/run/rspamd/worker.sock"] }),
    passwordFile: kinds.file(password).transform((file) => new Secret(read(file))).optional()
      .describe("A file with the password of the worker, and nothing else."),
    actions: z.record(z.string(), z.enum(MEANINGS), {
      error: "a mapping from actions, such as { add header: quarantine }",
    }).default({}).describe(
      "What actions of rspamd lead to, where that is not the usual: `reject`, `defer`, `discard`, `spam` (fields " +
        "that mark it), `subject` (the same, with another subject), `quarantine`, or `none`.",
    ).meta({ examples: [{ "add header": "quarantine" }] }),
    quarantine: quarantine.default("header").describe(
      `Where messages go that are put aside: ${QUARANTINE}`,
    ),
    ...askingOptions("50 MiB"),
  }),
  create: ({ address, passwordFile, actions, quarantine, ...asking }) => {
    const meanings = new Map(Object.entries({ ...USUAL, ...actions }));
    const policy = { address, passwordFile, actions: meanings, quarantine };
    return examining("rspamd", asking, (mail) => judge(policy, mail));
  },
  example: "rspamd: { address: 127.0.0.1:11333 }",
  holds: ({ quarantine }) => quarantine === "hold",
});

/** The most octets of an answer, which has all addresses and URLs of the message. */
const MOST = 4 << 20;

async function judge(policy: Policy, { size, body, session, signal }: Mail): Promise<Judgement> {
  const { address, passwordFile, actions, quarantine } = policy;
  const headers = {
    ...await envelope(session, signal),
    ...passwordFile === undefined ? {} : { Password: passwordFile.reveal() },
    "Content-Length": `${size}`,
  };
  const place = "path" in address
    ? { socketPath: address.path }
    : { host: address.host, port: address.port };
  const to = { ...place, path: "/checkv2", headers };
  const answer = readAnswer(await post({ to, question: body, most: MOST, signal }));
  const { action, score, required_score, symbols } = answer;
  const meaning = actions.get(action);
  if (meaning === undefined) {
    throw new FilterFault(
      `it wants an action that is unknown: say in \`actions\` what ${JSON.stringify(action)} means`,
    );
  }
  const tests = Object.keys(symbols);
  session.log("judged by rspamd", { action, score, symbols: tests.join(",").slice(0, 2000) });
  const verdict = {
    result: meaning === "none" ? "clean" : meaning === "defer" ? "other" : "spam",
    says: action,
    score,
    ...required_score === undefined ? {} : { threshold: required_score },
    tests,
  } as const;
  const reply = replyTo(meaning, answer);
  if (reply !== undefined) return { verdict, reply };
  const isSpam = meaning !== "none";
  return {
    verdict,
    edit: (header) => {
      putFields(header, {
        "X-Spam": isSpam ? "Yes" : undefined,
        "X-Spam-Score": isSpam ? `${score}` : undefined,
        "X-Spam-Action": isSpam ? action : undefined,
      });
      edit(header, answer, meaning === "subject");
    },
    ...meaning === "quarantine"
      ? { aside: { to: quarantine, reason: `rspamd: ${action}, ${score} points` } }
      : {},
  };
}

function replyTo(meaning: RspamdMeaning, { messages }: RspamdAnswer): Reply | undefined {
  const says = messages.smtp_message && plain(messages.smtp_message);
  switch (meaning) {
    case "reject":
      return say(5, 5, 0, says ?? "the message looks like spam", "5.7.1");
    case "defer":
      return say(4, 5, 1, says ?? "try again later", "4.7.1");
    case "discard":
      return say(2, 5, 0, "ok", "2.0.0");
    default:
      return undefined;
  }
}

/** The password in a file. */
function password(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text.trim())) return text.trim();
  throw new TypeError("it must hold one word of printable ASCII, and nothing else");
}

const read = (file: string): string => password(Deno.readTextFileSync(file));
