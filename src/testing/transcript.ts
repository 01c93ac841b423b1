/**
 * Transcripts: SMTP sessions as text, to be compared with a chain or a live server.
 *
 * ```text
 * # Relaying is refused.
 * S: 220 *
 * C: EHLO client.example.org
 * S: ...
 * C: MAIL FROM:<a@example.org>
 * C: RCPT TO:<b@example.com>
 * S: 250 2.1.0 sender ok
 * S: /^55[04] /
 * C: QUIT
 * S: 221 *
 * S: closed
 * ```
 *
 * `C:` is a line of the client, sent in UTF-8; neighbouring ones are sent in one piece. `B:` is bytes without a line
 * end, with the escapes `\r`, `\n`, `\t`, `\\` and `\xNN`. `S:` is a line of the server, in which `*` stands for
 * anything; or a `/regular expression/`; or `...`, all lines of one reply; or `closed`.
 * @module
 */
import { Buffer } from "node:buffer";
import { messageOf } from "../base/message_of.ts";
import type { Client } from "./client.ts";

/** One line of a transcript. */
export interface TranscriptStep {
  /** The number of the line, from 1 on. */
  readonly line: number;
  /** Who says it. */
  readonly kind: "client" | "server";
  /** What is sent, line end included, or the pattern. */
  readonly text: string;
}

/** A transcript that could not be read, or a server that did not follow it. */
export class TranscriptError extends Error {
  /** `TranscriptError`. */
  override readonly name = "TranscriptError";
}

/** Parses a transcript; `file` is for messages. */
export function parseTranscript(text: string, file: string): TranscriptStep[] {
  return text.split(/\r?\n/).flatMap((source, i) => parseTranscriptLine(source, file, i + 1) ?? []);
}

/** Parses one line of a transcript; `undefined` for a comment and an empty line. */
export function parseTranscriptLine(
  source: string,
  file: string,
  line: number,
): TranscriptStep | undefined {
  if (/^\s*(#|$)/.test(source)) return undefined;
  const [, mark, rest = ""] = /^([CSB]):(?: (.*))?$/.exec(source) ?? [];
  if (mark === "C") return { line, kind: "client", text: `${rest}\r\n` };
  if (mark === "B") return { line, kind: "client", text: unescape(rest) };
  if (mark === "S") return { line, kind: "server", text: rest };
  throw new TranscriptError(
    `${file}:${line}:1: a line begins with \`C: \`, \`S: \`, \`B: \` or \`#\`, not \`${source}\``,
  );
}

/** Plays a transcript to a server. Throws at the first line on which they disagree. */
export async function playTranscript(text: string, file: string, client: Client): Promise<void> {
  const steps = parseTranscript(Buffer.from(text).toString("latin1"), file);
  for (let i = 0; i < steps.length; i++) {
    const { kind, line, text } = steps[i]!;
    if (kind === "client") {
      let block = text;
      while (steps[i + 1]?.kind === "client") block += steps[++i]!.text;
      client.send(block);
      continue;
    }
    const problem = await disagreement(client, text);
    if (problem !== undefined) throw new TranscriptError(`${file}:${line}:1: ${problem}`);
  }
}

/** What a server says. */
export interface Heard {
  /** The next line, without CRLF; `undefined` if the server has closed. */
  line(): Promise<string | undefined>;
}

/** How a server differs from the pattern of an `S:` line; `undefined` if it follows it. */
export async function disagreement(server: Heard, pattern: string): Promise<string | undefined> {
  const line = await server.line();
  if (pattern === "closed") {
    return line === undefined ? undefined : `expected the end of the connection, got \`${line}\``;
  }
  if (line === undefined) return `expected \`${pattern}\`, but the connection was closed`;
  if (pattern !== "...") return mismatch(pattern, line);
  for (let last = line; last[3] === "-";) last = await server.line() ?? "";
  return undefined;
}

function mismatch(pattern: string, line: string): string | undefined {
  try {
    if (expression(pattern).test(line)) return undefined;
  } catch (error) {
    return messageOf(error); // it is no regular expression
  }
  return `expected \`${pattern}\`, got \`${line}\``;
}

function expression(pattern: string): RegExp {
  const written = /^\/(.*)\/$/.exec(pattern);
  if (written !== null) return new RegExp(written[1]!);
  const literal = pattern.replace(/[.+?^${}()|[\]\\/]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${literal}$`);
}

function unescape(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/g, (whole, hex?: string, char?: string) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    return { r: "\r", n: "\n", t: "\t", "\\": "\\" }[char ?? ""] ?? whole;
  });
}
