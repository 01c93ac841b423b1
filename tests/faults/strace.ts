/**
 * The system calls of a program, as strace writes them down.
 * @module
 */
import { Buffer } from "node:buffer";

/** A system call that has ended. */
export interface Call {
  readonly process: number;
  readonly name: string;
  /** The arguments as strace writes them; texts are in hexadecimal, so what looks like a comma is one. */
  readonly args: string;
  /** What it returned; -1 is an error. */
  readonly result: number;
  /** What is behind the result: the path of the file that was opened, or the error. */
  readonly detail: string;
}

/** A call begins, or ends. Calls of several threads overlap. */
export type Moment =
  | { readonly at: "begin"; readonly id: number; readonly name: string; readonly args: string }
  | { readonly at: "end"; readonly id: number; readonly call: Call };

/** The arguments of strace that write all calls named, with all their data, to a file. */
export const recording = (calls: readonly string[], file: string): readonly string[] => [
  ...["strace", "-f", "--seccomp-bpf", "-qq", "-yy", "-xx", "-s", "20000000"],
  ...["-e", `trace=${calls.join(",")}`, "-e", "signal=none", "-o", file],
];

/** What happened, in its order. A call that never ended has no end. */
export function* moments(lines: Iterable<string>): Generator<Moment> {
  const begun = new Map<number, { readonly id: number; readonly text: string }>();
  let last = 0;
  for (const line of lines) {
    const space = line.indexOf(" ");
    const process = Number(line.slice(0, space));
    const text = line.slice(space).trimStart();
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text)?.[0];
    if (resumed !== undefined) {
      const first = begun.get(process);
      begun.delete(process);
      // What is missing began before strace came.
      if (first !== undefined) {
        yield* ended(first.id, process, first.text + text.slice(resumed.length));
      }
    } else if (text.endsWith("<unfinished ...>")) {
      const first = { id: ++last, text: text.slice(0, -"<unfinished ...>".length) };
      begun.set(process, first);
      yield beginning(first.id, first.text);
    } else if (/^\w+\(/.test(text)) {
      yield beginning(++last, text);
      yield* ended(last, process, text);
    }
  }
}

function beginning(id: number, text: string): Moment {
  const open = text.indexOf("(");
  return { at: "begin", id, name: text.slice(0, open), args: text.slice(open + 1) };
}

function* ended(id: number, process: number, text: string): Generator<Moment> {
  // The end is looked for from behind, because the arguments may be megabytes.
  const equals = text.lastIndexOf(") ", text.lastIndexOf(" = "));
  const [, result, detail = ""] = /^\)\s+= (-?\d+|0x[0-9a-f]+|\?)(.*)$/.exec(text.slice(equals)) ??
    [];
  if (result === undefined || result === "?") return;
  const open = text.indexOf("(");
  const call = {
    ...{ process, name: text.slice(0, open), args: text.slice(open + 1, equals) },
    ...{ result: Number(result), detail },
  };
  yield { at: "end", id, call };
}

/** The octets of all texts among arguments, one after the other. */
export function dataOf(args: string): Uint8Array<ArrayBuffer> {
  let hex = "";
  for (let open = args.indexOf('"'); open !== -1;) {
    const close = args.indexOf('"', open + 1);
    const end = close === -1 ? args.length : close;
    hex += args.slice(open + 1, end).replaceAll("\\x", "");
    open = args.indexOf('"', end + 1);
  }
  return Uint8Array.fromHex(hex);
}

/** All texts among arguments, as Latin-1. */
export const textsOf = (args: string): readonly string[] =>
  [...args.matchAll(/"([^"]*)"/g)].map(([, hex]) =>
    Buffer.from(hex!.replaceAll("\\x", ""), "hex").toString("latin1")
  );

const DESCRIPTOR = /^\s*(-?\d+|AT_FDCWD)(?:<((?:->|[^<>])*)(?:<[^>]*>)?>(\(deleted\))?)?/;

/** A file descriptor with what it stands for: a path, or `TCP:[…]`; of a deleted file, nothing. */
export function descriptor(text: string): { readonly number: number; readonly of: string } {
  const [, number, name = "", deleted] = DESCRIPTOR.exec(text) ?? [];
  const of = name.replace(/\\x(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return { number: Number(number), of: deleted === undefined ? of : "" };
}
