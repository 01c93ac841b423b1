/**
 * Files that come with a message.
 * @module
 */
import { Buffer } from "node:buffer";
import {
  type HandlerFactory,
  inspect,
  type InspectedMessage,
  type MimePart,
  on,
  say,
} from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { replyText } from "./fixed_reply.ts";
import { type Budget, budget, TooMuch, ZipNames } from "./zip_names.ts";

/** Says whether a name or a type is meant. */
type Pattern = (text: string) => boolean;

const pattern = (example: string): z.ZodType<Pattern, string> =>
  kinds.text(`a text such as \`${example}\``, (text) => patternOf(text));

const options = kinds.options({
  names: kinds.oneOrMore(pattern("*.exe")).optional().describe(
    "Names of files that are refused. `*` stands for any text, and case does not matter.",
  ),
  types: kinds.oneOrMore(pattern("application/x-msdownload")).optional().describe(
    "Media types that are refused, such as `application/x-msdownload` or `video/*`.",
  ),
  size: kinds.size(1).optional().describe("The size that a part may have, decoded."),
  archives: z.boolean().default(true).describe(
    "Names in zip archives count too, and names in zip archives in them.",
  ),
  reply: replyText.optional().describe(
    "The text of the refusal. By default it says what is not accepted.",
  ),
}).refine(({ names, types, size }) => (names ?? types ?? size) !== undefined, {
  error: "say what is refused: `names`, `types` or `size`",
});

/** The options of {@linkcode attachments}. */
export interface AttachmentsOptions {
  /** Names of files that are refused. `*` stands for any text, and case does not matter. */
  readonly names?: string | readonly string[];
  /** Media types that are refused, such as `application/x-msdownload` or `video/*`. */
  readonly types?: string | readonly string[];
  /** The size that a part may have, decoded. */
  readonly size?: number | string;
  /** Names in zip archives count too, and names in zip archives in them. */
  readonly archives?: boolean;
  /** The text of the refusal. By default it says what is not accepted. */
  readonly reply?: string;
}

/**
 * Refuses messages with files in them that are not wanted, with 550 5.7.1: by their names, in whatever way these are
 * written, by their types, and by their size. Where programs differ in what they take for a part or its name, each
 * reading counts; a message that is too nested, too long or too broken to be looked through is refused.
 *
 * @throws {z.ZodError} for options that make no sense
 *
 * @example
 * ```ts
 * import { attachments } from "postmaster/handlers";
 *
 * export default attachments({
 *   names: ["*.exe", "*.js", "*.rar"],
 *   types: ["application/x-msdownload", "message/partial"],
 *   size: "20 MiB",
 * });
 * ```
 */
export const attachments: HandlerFactory<AttachmentsOptions> = defineHandler({
  name: "attachments",
  summary: "Refuses messages with unwanted files in them.",
  options,
  create: (unwanted) =>
    on("Deliver", (event, next, session) =>
      inspect(event, session, async (message) => {
        const found = await unwantedIn(message, unwanted);
        if (found === undefined) return next({ ...event, body: message.body });
        session.log("refused an attachment", { attachment: found });
        const printable = found.replace(/[^ -~]/g, "?").slice(0, 200);
        const { reply = `this is not accepted here: ${printable}` } = unwanted;
        return say(5, 5, 0, reply, "5.7.1");
      })),
  example: `\
attachments:
  names: ["*.exe", "*.js", "*.rar"]
  types: [application/x-msdownload, message/partial]
  size: 20 MiB`,
});

/** What is not wanted. */
type Unwanted = z.output<typeof options>;

/** What of a message is not wanted, in a few words. */
async function unwantedIn(
  message: InspectedMessage,
  unwanted: Unwanted,
): Promise<string | undefined> {
  for (const loose of [false, true]) {
    const left = budget();
    for await (const part of message.parts({ loose })) {
      const found = await faultIn(part, unwanted, left);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

async function faultIn(
  part: MimePart,
  unwanted: Unwanted,
  left: Budget,
): Promise<string | undefined> {
  const { names = [], types = [], size = Infinity, archives } = unwanted;
  if (part.limit !== undefined) return "a message that is too complex to be looked through";
  const isUnwanted = (name: string) =>
    readingsOf(name).some((reading) => names.some((each) => each(reading)));
  const [named, type] = [
    part.fileNames.find(isUnwanted),
    part.types.find((type) => types.some((each) => each(type))),
  ];
  if (named !== undefined || type !== undefined) return named ?? type;
  let found: string | undefined;
  const check = (name: string) => {
    if (isUnwanted(name)) found ??= name;
  };
  const zip = archives && names.length > 0 ? new ZipNames(check, left) : undefined;
  const text = names.length > 0 && part.type.startsWith("text/")
    ? new InlineNames(check)
    : undefined;
  let length = 0;
  try {
    for await (const octets of part.content) {
      length += octets.length;
      if (length > size) return "a part that is too large";
      zip?.push(octets);
      text?.push(octets);
      if (found !== undefined) return found;
    }
    zip?.push(Buffer.alloc(0));
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return "an archive that cannot be looked through";
  }
  return found;
}

/** Files in a text, between `begin 644 name` and `end`, as uuencode writes them and some programs show. */
class InlineNames {
  readonly #found: (name: string) => void;
  #rest = "";

  constructor(found: (name: string) => void) {
    this.#found = found;
  }

  push(octets: Uint8Array): void {
    const text = this.#rest +
      Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("latin1");
    for (const [, name] of text.matchAll(/^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,1000})$/gm)) {
      this.#found(name!);
    }
    const line = text.lastIndexOf("\n") + 1;
    this.#rest = text.length - line < 1100 ? text.slice(line) : "";
  }
}

/** What programs may make of a name when they write a file: whole, or up to a NUL or a line end, without its folders. */
function readingsOf(name: string): readonly string[] {
  const all = [name, ...name.split(/[\0\r\n]/)].flatMap((
    each,
  ) => [each, each.split(/[/\\]/).at(-1)!]);
  return all.map((each) =>
    each.normalize("NFKC").replace(/[\p{Cc}\p{Cf}]/gu, "").replace(/[\s."']+$/, "").trim()
      .toLowerCase()
  );
}

/** A pattern in which `*` stands for any text. */
function patternOf(written: string): Pattern {
  if (written.trim() === "") throw new TypeError("a pattern must not be empty");
  const [first = "", ...others] = written.trim().toLowerCase().split("*");
  const last = others.pop();
  if (last === undefined) return (text) => text.toLowerCase() === first;
  return (text) => {
    const lower = text.toLowerCase();
    if (!lower.startsWith(first) || !lower.endsWith(last)) return false;
    let at = first.length;
    for (const each of others) {
      const found = lower.indexOf(each, at);
      if (found < 0) return false;
      at = found + each.length;
    }
    return at + last.length <= lower.length;
  };
}
