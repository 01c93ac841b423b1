/**
 * The client's side of an SMTP session: typed lines, or a transcript.
 * @module
 */
import { Buffer } from "node:buffer";
import {
  parseTranscriptLine,
  TranscriptError,
  type TranscriptStep,
} from "../testing/transcript.ts";

/** The name of the standard input in messages. */
const SOURCE = "standard input";

/** Octets of a line that somebody may type. */
const LONGEST = 1024 * 1024;

/**
 * Reads a session line by line. If the first line begins with `C:`, `S:`, `B:` or `#`, the session is a transcript;
 * else each line is a line of the client, without its line end. A byte is a character (Latin-1).
 *
 * @throws {TranscriptError} for what cannot be typed
 */
export async function* readSession(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<TranscriptStep> {
  let isTranscript: boolean | undefined;
  let line = 0;
  for await (const source of linesOf(input)) {
    line++;
    refuseUntypable(source, line);
    if (isTranscript === undefined && source.trim() === "") continue;
    isTranscript ??= /^(#|[CSB]:( |$))/.test(source);
    const step: TranscriptStep | undefined = isTranscript
      ? parseTranscriptLine(source, SOURCE, line)
      : { line, kind: "client", text: `${source}\r\n` };
    if (step !== undefined) yield step;
  }
}

/** The place of a line, for messages. */
export const placeOf = ({ line }: TranscriptStep): string => `${SOURCE}:${line}:1`;

async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of input) {
    const lines = (rest + Buffer.from(chunk).toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.replace(/\r$/, "");
    if (rest.length > LONGEST) break; // whoever reads it refuses it
  }
  if (rest !== "") yield rest.replace(/\r$/, "");
}

const UNTYPABLE = { "\0": ["NUL", "\\x00"], "\r": ["CR without LF", "\\r"] } as const;

function refuseUntypable(source: string, line: number): void {
  if (source.length > LONGEST) {
    throw new TranscriptError(`${SOURCE}:${line}:1: a line without end: 1 MiB is the most`);
  }
  const found = /[\0\r]/.exec(source);
  if (found === null) return;
  const [name, written] = UNTYPABLE[found[0] as keyof typeof UNTYPABLE];
  throw new TranscriptError(
    `${SOURCE}:${line}:${found.index + 1}: a ${name}: in a transcript, \`B: ${written}\` sends one`,
  );
}
