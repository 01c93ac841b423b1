/**
 * `sendmail` as most programs call it: takes a message from the standard input, and leaves it for the server.
 * @module
 */
import { Draft, DROP_DIRECTORY } from "../../drop/draft.ts";
import { printEnvelope } from "../../drop/envelope.ts";
import { addressesIn } from "./addresses.ts";
import { authorOf } from "./author.ts";
import { type Beginning, finished, recipientsIn, splitHeader } from "./header.ts";
import { MessageText } from "./message_text.ts";
import { type SendmailCall, UsageError } from "./options.ts";

/** Octets that are read at a time. */
const READ = 64 * 1024;
/** The most octets of a header. */
const LONGEST = 1024 * 1024;

/** The message makes no sense. */
export class DataError extends Error {
  override readonly name = "DataError";
}

/**
 * Leaves a message.
 *
 * @throws {UsageError} without recipients
 * @throws {DataError}
 * @throws {NotDropped}
 */
export function send(call: SendmailCall): void {
  if (call.recipients.length === 0 && !call.fromHeader) {
    throw new UsageError(
      "there are no recipients: name them, or take them from the header with -t",
    );
  }
  const input = new Input(!call.ignoresDots);
  const beginning = readBeginning(input);
  const recipients = recipientsOf(call, beginning);
  using draft = new Draft(call.drop ?? DROP_DIRECTORY);
  const { notify, ret, envid, sender } = call;
  const [address = ""] = sender === undefined ? [] : addressesIn(sender);
  draft.write(printEnvelope({
    ...{ recipients, notify, ret, envid },
    sender: sender === undefined ? undefined : address,
  }));
  const from = call.fullName === undefined ? undefined : authorOf(call.fullName, address);
  draft.write(finished(beginning, from));
  draft.write(beginning.rest);
  for (let lines; (lines = input.next()) !== undefined;) draft.write(lines);
  draft.commit();
}

function recipientsOf({ recipients, fromHeader }: SendmailCall, { fields }: Beginning): string[] {
  const named = recipients.flatMap(addressesIn);
  const all = fromHeader ? [...recipientsIn(fields), ...named] : named;
  if (all.length === 0) throw new DataError("the header names no recipients");
  return [...new Set(all)];
}

/** Reads the message as far as its header reaches. */
function readBeginning(input: Input): Beginning {
  let octets = new Uint8Array(0);
  for (;;) {
    const lines = input.next();
    if (lines !== undefined) octets = joined(octets, lines);
    const beginning = splitHeader(octets, lines === undefined);
    if (beginning !== undefined) return beginning;
    if (octets.length > LONGEST) throw new DataError("its header has more than 1 MiB");
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** The standard input, in lines. */
class Input {
  readonly #text: MessageText;
  readonly #piece = new Uint8Array(READ);
  #isOver = false;

  constructor(endsAtDot: boolean) {
    this.#text = new MessageText(endsAtDot);
  }

  /** The next lines, or parts of them; `undefined` at the end. */
  next(): Uint8Array | undefined {
    if (this.#isOver) return undefined;
    const length = this.#text.ended ? null : Deno.stdin.readSync(this.#piece);
    if (length !== null) return this.#text.take(this.#piece.subarray(0, length));
    this.#isOver = true;
    return this.#text.end();
  }
}
