/**
 * Drives conversations of the client with the replies of a script.
 *
 * @module
 */
import type { Talk } from "../../src/client/talk.ts";
import { assembleReply, parseReplyLine } from "../../src/smtp/reply.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";

/** `250 2.1.0 ok`, or several lines of one reply. */
export const reply = (text: string) =>
  assembleReply(text.split("\n").map((line) => parseReplyLine(line)!))!;

/** What a conversation did: each command without its CRLF, and `<secure>`, `<dots>`, `<chunks>`. */
export interface Driven<T> {
  readonly did: readonly string[];
  readonly result: T | undefined;
  readonly thrown: unknown;
}

/**
 * Has a conversation with a server that says these replies. An error among them is thrown instead of a reply.
 */
export function drive<T>(talk: Talk<T>, replies: readonly (string | Error)[]): Driven<T> {
  const did: string[] = [];
  const left = [...replies];
  try {
    let next = talk.next();
    while (!next.done) {
      const step = next.value;
      if (step.do === "write") did.push(...step.text.trimEnd().split("\r\n"));
      else if (step.do !== "read") did.push(`<${step.do}>`);
      const said = step.do === "read" ? left.shift() : undefined;
      if (step.do === "read" && said === undefined) throw new Error(`no reply left after ${did}`);
      next = said instanceof Error
        ? talk.throw(said)
        : talk.next(said === undefined ? undefined : reply(said));
    }
    return { did, result: next.value, thrown: undefined };
  } catch (thrown) {
    return { did, result: undefined, thrown };
  }
}

/** A message for conversations that never read it. */
export const MESSAGE = { size: 7, async *read() {} };

export const recipient = (text: string) => Mailbox.parse(text);
