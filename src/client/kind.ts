/**
 * Says what kind of refusal a reply is.
 * @module
 */
import type { RefusalKind } from "../handler/outcome.ts";
import type { WireReply } from "../smtp/reply.ts";
import { PRECISE, SUBJECTS, WORDS } from "./refusals.ts";

/** What a reply answers: the connection or EHLO, MAIL, RCPT, DATA or the message. */
export type Answered = "greeting" | "mail" | "rcpt" | "data";

/** The most characters of a reply that are looked at. */
const MOST = 4096;

const precise: ReadonlyMap<string, RefusalKind> = new Map(
  PRECISE.flatMap(([kind, statuses]) =>
    statuses.flatMap((status) =>
      ["4", "5"].map((digit) => [status.replace("x", digit), kind] as const)
    )
  ),
);

/** The kind of a refusal; `undefined` if the reply is none. Takes linear time. */
export function kindOf(reply: WireReply, answered: Answered): RefusalKind | undefined {
  if (reply.code < 400) return undefined;
  const status = statusIn(reply);
  return precise.get(status ?? "") ?? byWords(reply) ?? bySubject(status) ??
    byCode(reply.code, answered);
}

/** The enhanced status code, of servers, too, that have others in other lines or, as qmail, `(#5.1.1)` at the end. */
function statusIn({ enhanced, lines }: WireReply): string | undefined {
  if (enhanced !== undefined) return enhanced;
  const text = lines[0] ?? "";
  return /^([45]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(text)?.[1] ??
    /\(#([45]\.\d{1,3}\.\d{1,3})\)/.exec(text)?.[1];
}

function byWords({ lines }: WireReply): RefusalKind | undefined {
  const text = lines.join(" ").slice(0, MOST).replace(/<[^<>]*>/g, "").toLowerCase(); // no addresses
  return WORDS.find(({ words }) => words.some((word) => text.includes(word)))?.kind;
}

/** Of `x.0.0`, none. */
const bySubject = (status: string | undefined): RefusalKind | undefined =>
  SUBJECTS[/^\d\.(\d)\./.exec(status ?? "")?.[1] ?? ""];

/** What the code says by itself (RFC 5321 section 4.2.3). */
function byCode(code: number, answered: Answered): RefusalKind {
  const isRcpt = answered === "rcpt";
  if (code < 500) return "busy";
  if (code === 552) return isRcpt ? "quota" : "size";
  if (code === 550 || code === 551 || code === 553) return isRcpt ? "mailbox" : "policy";
  if (code <= 504 || code === 555) return "protocol";
  return code === 521 || code === 556 ? "other" : "policy";
}
