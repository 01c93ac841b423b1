/**
 * What a milter answers.
 * @module
 */
import { type Reply, say } from "postmaster";
import { FilterFault } from "../filters/failure.ts";
import type { Change } from "../filters/changes.ts";
import { plain } from "../plain.ts";
import { ACTION, type Packet, readTexts } from "./protocol.ts";

/** What becomes of a client, a recipient or a message. */
export type Verdict =
  | "continue"
  /** Take it, and ask the milter no more. */
  | "accept"
  /** Pretend to take the message. */
  | "discard"
  /** The milter needs no more of the same. */
  | "skip"
  /** Refuse it like this. */
  | Reply;

/** An answer. */
export type Answer =
  | { readonly type: "verdict"; readonly verdict: Verdict }
  /** The milter still works. */
  | { readonly type: "progress" }
  | Change;

const REJECTED: Reply = say(5, 5, 0, "refused by a filter", "5.7.1");
const DEFERRED: Reply = say(4, 5, 1, "try again later", "4.7.1");
const SHUT_DOWN: Reply = say(4, 2, 1, "try again later", "4.7.0");

const VERDICTS: Readonly<Record<string, Verdict>> = {
  a: "accept",
  c: "continue",
  d: "discard",
  f: SHUT_DOWN,
  r: REJECTED,
  s: "skip",
  t: DEFERRED,
  "4": SHUT_DOWN,
};

/** The action that each change needs. */
const NEEDS: Readonly<Record<Change["type"], number>> = {
  "add-header": ACTION.addHeaders,
  "insert-header": ACTION.addHeaders,
  "change-header": ACTION.changeHeaders,
  "replace-body": ACTION.changeBody,
  "add-recipient": ACTION.addRecipients | ACTION.addRecipientsWithParameters,
  "delete-recipient": ACTION.deleteRecipients,
  "change-sender": ACTION.changeSender,
  quarantine: ACTION.quarantine,
};

/**
 * Reads an answer.
 *
 * @param actions those that were agreed on
 * @throws {FilterFault} for one that no milter may give
 */
export function readAnswer(packet: Packet, actions: number): Answer {
  const verdict = VERDICTS[packet.letter];
  if (verdict !== undefined) return { type: "verdict", verdict };
  if (packet.letter === "p") return { type: "progress" };
  if (packet.letter === "y") return { type: "verdict", verdict: readReply(packet) };
  const change = readChange(packet);
  if ((actions & NEEDS[change.type]) === 0) {
    throw new FilterFault(`it answered ${change.type}, which it has not asked for`);
  }
  return change;
}

function readChange({ letter, data }: Packet): Change {
  switch (letter) {
    case "h": {
      const [name, value] = pair(data);
      return { type: "add-header", name, value };
    }
    case "i":
    case "m": {
      if (data.length < 6) throw new FilterFault("it sent a header field without a name");
      const [name, value] = pair(data.subarray(4));
      const type = letter === "i" ? "insert-header" : "change-header";
      return { type, index: data.readUInt32BE(0), name, value };
    }
    case "b":
      return { type: "replace-body", octets: data };
    case "+":
    case "2": {
      const [address = "", parameters = ""] = readTexts(data, 1, 2);
      return { type: "add-recipient", address, parameters };
    }
    case "-":
      return { type: "delete-recipient", address: readTexts(data, 1, 1)[0]! };
    case "e":
      return { type: "change-sender", address: readTexts(data, 1, 2)[0]! };
    case "q":
      return { type: "quarantine", reason: readTexts(data, 1, 1)[0]! };
  }
  throw new FilterFault(`it answered ${JSON.stringify(letter)}, which means nothing`);
}

function pair(data: Packet["data"]): [name: string, value: string] {
  const [name, value] = readTexts(data, 2, 2, "latin1");
  if (!/^[!-9;-~]{1,998}$/.test(name!)) {
    throw new FilterFault(
      `${JSON.stringify(name!.slice(0, 80))} is not the name of a header field`,
    );
  }
  return [name!, value!];
}

/** The most lines of a reply, and characters of a line. */
const MOST_LINES = 32, LONGEST_LINE = 480;

/** `550 5.7.1 text`, perhaps several lines, with `%%` for `%`. */
function readReply({ data }: Packet): Reply {
  const lines = readTexts(data, 1, 1)[0]!.split(/\r\n|\n/).filter((line) => line !== "")
    .slice(0, MOST_LINES)
    .map((line) => /^([45][0-5]\d)(?:[- ](?:(\d\.\d{1,3}\.\d{1,3})(?= |$))?(.*))?$/.exec(line));
  const [, code, status] = lines[0] ?? [];
  if (code === undefined || lines.some((line) => line?.[1] !== code)) {
    throw new FilterFault(`${JSON.stringify(data.toString("latin1", 0, 80))} is not a reply`);
  }
  const text = lines.map((line) => printable(line?.[3] ?? ""));
  return {
    code: Number(code),
    ...status?.[0] === code[0] ? { enhanced: status } : {},
    lines: text,
  } as Reply;
}

const printable = (text: string): string => plain(text.trim().replaceAll("%%", "%"), LONGEST_LINE);
