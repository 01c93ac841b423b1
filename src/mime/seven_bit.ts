/**
 * A message in nothing but lines of ASCII, for servers that take no more (RFC 6152 section 3, RFC 3030 section 3).
 * @module
 */
import { Buffer, isAscii } from "node:buffer";
import { yieldToOthers } from "../base/turn.ts";
import type { Header } from "../message/fields.ts";
import type { Message } from "../message/message.ts";
import { MAX_BLOCK } from "./blocks.ts";
import { type Decode, decodeOf } from "./decode.ts";
import { Base64Encoder, type Encoder, QuotedPrintableEncoder } from "./encode.ts";
import type { PartHead } from "./part_head.ts";
import { type Plan, Survey } from "./survey.ts";
import { type Visitor, Walk } from "./walk.ts";

/**
 * The message with its parts in quoted-printable or base64 where they are more than lines of ASCII, or why that cannot
 * be: a signature would break, a header has octets beyond ASCII, or a part may not be encoded. Reads the message twice,
 * and whenever the result is read, in little memory.
 */
export async function toSevenBit(
  message: Message,
): Promise<Message | { readonly impossible: string }> {
  const survey = new Survey();
  for await (const _chunk of lead(survey, message)) { /* it only looks */ }
  const { plans, obstacle } = survey;
  if (obstacle !== undefined) return { impossible: obstacle };
  const read = () => converted(message, plans);
  let size = 0;
  for await (const { length } of read()) size += length;
  return { size, read };
}

async function* converted(message: Message, plans: readonly Plan[]): AsyncGenerator<Uint8Array> {
  const conversion = new Conversion(plans);
  for await (const _chunk of lead(conversion, message)) {
    const octets = conversion.take();
    if (octets.length > 0) yield octets;
  }
}

/** Leads a visitor through a message, a bit with each turn. */
async function* lead(visitor: Visitor, message: Message): AsyncGenerator<void> {
  const walk = new Walk(visitor);
  for await (const chunk of message.read()) {
    for (let at = 0; at < chunk.length; at += MAX_BLOCK) {
      walk.write(chunk.subarray(at, at + MAX_BLOCK));
      yield;
      await yieldToOthers();
    }
  }
  walk.close();
  yield;
}

const NOTHING = Buffer.alloc(0);

/** Makes the message. */
class Conversion implements Visitor {
  readonly #plans: readonly Plan[];
  #next = 0;
  #out: Buffer[] = [];
  #encoder: Encoder | undefined;
  #decode: Decode = decodeOf("");
  /** What is not decoded yet. */
  #rest: Buffer = NOTHING;
  /** No program reads what stands before the first part. */
  #isUnread = false;

  constructor(plans: readonly Plan[]) {
    this.#plans = plans;
  }

  take(): Buffer {
    return Buffer.concat(this.#out.splice(0));
  }

  part(part: PartHead, before: Buffer, isMessage: boolean): void {
    const plan = this.#plans[this.#next++];
    const { size } = part.header;
    this.#encoder = encoderOf(plan);
    this.#decode = decodeOf(part.encoding);
    this.#isUnread = part.type.startsWith("multipart/");
    if (plan === undefined || !part.header.complete) return void this.#out.push(before);
    this.#out.push(
      before.subarray(0, before.length - size),
      labelled(part.header, plan, isMessage),
    );
  }

  content(octets: Buffer): void {
    if (this.#encoder === undefined) {
      this.#out.push(this.#isUnread ? ascii(octets) : octets);
      return;
    }
    this.#encode(octets, false);
  }

  end(): void {
    if (this.#encoder === undefined) return;
    this.#encode(NOTHING, true);
    this.#out.push(this.#encoder.end());
    this.#encoder = undefined;
  }

  between(octets: Buffer): void {
    this.#out.push(ascii(octets));
  }

  #encode(raw: Buffer, isLast: boolean): void {
    const all = this.#rest.length === 0 ? raw : Buffer.concat([this.#rest, raw]);
    const { octets, rest } = this.#decode(all, isLast);
    this.#rest = Buffer.from(rest);
    this.#out.push(this.#encoder!.encode(octets));
  }
}

function encoderOf(plan: Plan): Encoder | undefined {
  if (plan === "base64") return new Base64Encoder();
  return plan === "quoted-printable" ? new QuotedPrintableEncoder() : undefined;
}

/** The header with that transfer encoding; of a message, with the fields that make it MIME. */
function labelled(header: Header, encoding: string, isMessage: boolean): Buffer {
  const others = Buffer.from(header.without(["Content-Transfer-Encoding"])).toString("latin1");
  const end = /\r?\n$/.exec(others)?.[0] ?? "";
  const has = (name: string) => header.first(name) !== undefined;
  const fields = [
    isMessage && !has("MIME-Version") ? "MIME-Version: 1.0\r\n" : "",
    isMessage && !has("Content-Type") ? "Content-Type: text/plain; charset=unknown-8bit\r\n" : "",
    `Content-Transfer-Encoding: ${encoding}\r\n`,
  ].join("");
  return Buffer.from(others.slice(0, others.length - end.length) + fields + end, "latin1");
}

/** What nobody reads, with `?` for what is not ASCII. */
const ascii = (octets: Buffer): Buffer =>
  isAscii(octets) ? octets : Buffer.from(octets.map((octet) => octet > 0x7f ? 0x3f : octet));
