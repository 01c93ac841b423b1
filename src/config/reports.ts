/**
 * The part of the schema that is about reports to senders.
 * @module
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { cannotRead } from "../base/cannot_read.ts";
import { attempt, location, options, size, text } from "../base/kinds.ts";
import type { About } from "../queue/report/notice.ts";
import { DEFAULT_REPORTS, type ReportSettings } from "../queue/report/report.ts";
import { checkTemplate } from "../queue/report/template.ts";
import { LANGUAGES, type Text, type Words } from "../queue/report/words.ts";
import { Mailbox } from "../smtp/mailbox.ts";

const template = (known?: readonly string[]) =>
  text("a text", (written) => checkTemplate(written, known)).optional();

/** What is in a file. */
function contentOf(file: string): string {
  try {
    return checkTemplate(readFileSync(file, "utf8"));
  } catch (error) {
    throw error instanceof TypeError ? error : new TypeError(cannotRead(error));
  }
}

/** A text of one's own. */
const ownText = (what: string) =>
  options({
    subject: template().describe("The subject of the report.")
      .meta({ examples: ["Not delivered: {subject}"] }),
    text: template().describe("What the report says to people.")
      .meta({ examples: ["Sorry, {sender}:\n\n{recipients}\n"] }),
    file: location.transform(attempt(contentOf)).optional()
      .describe("A file with what the report says to people, in UTF-8.")
      .meta({ examples: ["bounce.txt"] }),
  }).refine(({ text, file }) => text === undefined || file === undefined, {
    error: "the text is in the configuration or in a file: remove `text` or `file`",
  }).optional().describe(what)
    .meta({ examples: [{ subject: "Sorry, {subject}", file: "bounce.txt" }] });

const ownTexts = options({
  bounce: ownText("The report that mail has failed."),
  delay: ownText("The report that mail is late."),
  success: ownText("The report that mail has arrived or was sent on, for senders who want it."),
  doubleBounce: ownText("The report to postmaster that mail with the null sender has failed."),
});
type OwnTexts = z.output<typeof ownTexts>;

/** A word of one's own; the example is that of English. */
const ownWord = (name: keyof Omit<Words, "texts">, what: string, placeholders: string[] = []) =>
  template(placeholders).describe(what).meta({ examples: [LANGUAGES.en[name]] });

const ownWords = options({
  sender: ownWord("sender", "The name that reports are from."),
  expired: ownWord("expired", "Of a recipient: mail was given up.", ["reason"]),
  delivered: ownWord("delivered", "Of a recipient: mail has arrived."),
  relayed: ownWord("relayed", "Of a recipient: mail was sent on."),
  expanded: ownWord("expanded", "Of a recipient: mail was sent on to several addresses."),
  until: ownWord("until", "`{until}`, if the time is known.", ["date"]),
  later: ownWord("later", "`{until}`, if the time is not known."),
  whole: ownWord("whole", "`{attached}`, if it is the message."),
  header: ownWord("header", "`{attached}`, if it is the header of the message."),
});

/** How senders are told. */
export const reportsSchema: z.ZodType<ReportSettings, unknown> = options({
  language: z.enum(["en", "de"]).default("en")
    .describe("The language of reports: English or German."),
  texts: ownTexts.prefault({}).describe(
    "Texts of your own instead of those of the language. Placeholders are `{hostname}`, `{sender}`, " +
      "`{recipients}` (each recipient and what became of its mail), `{subject}` and `{date}` of the " +
      "message, `{until}` (how long the server tries), `{attached}` (what is attached of the " +
      "message) and `{queue-id}`.",
  ).meta({ examples: [{ bounce: { subject: "Not delivered", file: "bounce.txt" } }] }),
  words: ownWords.prefault({}).describe(
    "Words of your own instead of those of the language, for what placeholders stand for.",
  ).meta({ examples: [{ sender: "Example Mail" }] }),
  doubleBounces: z.enum(["postmaster", "drop"]).default(DEFAULT_REPORTS.doubleBounces).describe(
    "What is done when mail with the null sender fails, such as a report: `postmaster` is told, or " +
      "nobody (`drop`), and the log says so.",
  ),
  returnSize: size(0).prefault("50 KB").describe(
    "A failed message of at most this size is returned whole, and of larger ones the header. The " +
      "sender may want the header only (`RET=HDRS`).",
  ),
  from: text("an address", (written) => String(Mailbox.parse(written))).optional().describe(
    "The address that reports are from, for people; the envelope has the null sender. The default is " +
      "`MAILER-DAEMON` at `hostname`.",
  ).meta({ examples: ["postmaster@example.net"] }),
}).transform(({ language, texts, words, from, ...rest }): ReportSettings => ({
  ...rest,
  from,
  words: wordsOf(LANGUAGES[language], texts, words),
}));

function wordsOf(language: Words, own: OwnTexts, words: z.output<typeof ownWords>): Words {
  const of = (about: About, { subject, text, file }: OwnTexts["bounce"] & object = {}): Text => ({
    subject: subject ?? language.texts[about].subject,
    text: text ?? file ?? language.texts[about].text,
  });
  const texts = {
    bounce: of("bounce", own.bounce),
    delay: of("delay", own.delay),
    success: of("success", own.success),
    "double-bounce": of("double-bounce", own.doubleBounce),
  };
  const changed = Object.entries(words).filter(([, word]) => word !== undefined);
  return { ...language, ...Object.fromEntries(changed), texts };
}
