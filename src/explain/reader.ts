/**
 * Reads what is kept of sessions, also while a server writes it. All of it is synchronous.
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { tried } from "../base/tried.ts";
import { type FrameHead, HEAD, headOf, linesOf } from "./frame.ts";
import type { Part } from "./part.ts";
import type { PlainRoute } from "./plain.ts";
import { begunAt, segmentsIn } from "./segments.ts";
import { told } from "./steps.ts";
import { hashOf } from "./terms.ts";

/** Which parts are wanted: all that is said must be so. */
export interface Wanted {
  /** The id of a session, or of a message in it. */
  readonly id?: string;
  /** Addresses, or domains as `@example.net`; `<>` is the null sender. */
  readonly to?: string;
  readonly from?: string;
  /** The address of the client. */
  readonly client?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** Only what was refused. */
  readonly refused?: boolean;
}

/** In which order they are read: that in which they were written, or the other. */
export type Order = "oldest first" | "newest first";

/** The parts in a directory that are wanted. */
export function* partsIn(directory: string, wanted: Wanted, order: Order): Generator<Part> {
  const { since = -Infinity, until = Infinity } = wanted;
  const segments = segmentsIn(directory);
  const fitting = segments.filter((_, i) => {
    const next = segments[i + 1];
    return next === undefined || begunAt(next) >= since;
  });
  const hashes = hashesOf(wanted);
  for (const segment of inOrder(fitting, order)) {
    using file = new Segment(join(directory, segment));
    const frames = [...file.frames()].filter(({ first, last }) => last >= since && first <= until);
    for (const frame of inOrder(frames, order)) {
      if (!file.hasAll(frame, hashes)) continue;
      const parts = file.lines(frame).map((line): Part => JSON.parse(line));
      yield* inOrder(parts.filter((part) => fits(part, wanted)), order);
    }
  }
}

const inOrder = <T>(list: readonly T[], order: Order): readonly T[] =>
  order === "oldest first" ? list : list.toReversed();

/** A frame, and where it begins in its file. */
interface Frame extends FrameHead {
  readonly at: number;
}

/** A file, which may have been removed meanwhile. */
class Segment implements Disposable {
  readonly #file: number | undefined;

  constructor(path: string) {
    this.#file = tried(() => openSync(path, "r"));
  }

  /** The frames; a last one that is not whole yet is none. */
  *frames(): Generator<Frame> {
    for (let at = 0, head; (head = headOf(this.#read(HEAD, at))) !== undefined;) {
      yield { ...head, at };
      at += HEAD + head.hashes + head.octets;
    }
  }

  /** Whether a frame has all of these hashes. */
  hasAll({ at, hashes }: Frame, wanted: readonly number[]): boolean {
    if (wanted.length === 0) return true;
    const all = new Set(new Uint32Array(this.#read(hashes, at + HEAD).buffer));
    return wanted.every((hash) => all.has(hash));
  }

  lines({ at, hashes, octets }: Frame): string[] {
    return linesOf(this.#read(octets, at + HEAD + hashes));
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  /** Fewer octets at the end of the file. */
  #read(octets: number, at: number): Uint8Array {
    if (this.#file === undefined) return new Uint8Array();
    const buffer = new Uint8Array(octets);
    return buffer.subarray(0, readSync(this.#file, buffer, 0, octets, at));
  }
}

function hashesOf({ id, to, from, client }: Wanted): number[] {
  return [
    ...id === undefined ? [] : [hashOf("id", id)],
    ...to === undefined ? [] : [hashOf("to", to)],
    ...from === undefined ? [] : [hashOf("from", from)],
    ...client === undefined ? [] : [hashOf("client", client)],
  ];
}

/** Whether a part is wanted. Two terms may have the same hash, so all is looked at. */
function fits(part: Part, { id, to, from, client, since, until, refused }: Wanted): boolean {
  const { session, message, queued } = part;
  return (id === undefined || [session, message?.id, queued?.id].includes(id)) &&
    (client === undefined || part.peer.address === client) &&
    (since === undefined || part.until >= since) &&
    (until === undefined || part.begun <= until) &&
    (!refused || part.refused) &&
    (from === undefined || sendersOf(part).some((sender) => isMeantBy(from, sender))) &&
    (to === undefined || recipientsOf(part).some((recipient) => isMeantBy(to, recipient)));
}

const isMeantBy = (wanted: string, address: string): boolean => {
  const [one, other] = [wanted.toLowerCase(), address.toLowerCase()];
  return one.startsWith("@") ? other.endsWith(one) : one === other;
};

/** The senders that the client named, or that of the message in the queue; `<>` is the null path. */
const sendersOf = ({ events, queued }: Part): string[] =>
  [
    ...queued === undefined ? [] : [queued.mailFrom],
    ...events.flatMap(({ event: { type, mailbox } }) =>
      type === "SetMailFrom" ? [mailbox as string | null] : []
    ),
  ].map((sender) => sender ?? "<>");

/** The recipients that the client named, and those that aliases led to; or the one that the queue asked about. */
const recipientsOf = ({ events }: Part): string[] =>
  events.flatMap((asked) => {
    const { type, mailbox, route } = asked.event;
    if (route !== undefined) {
      const { recipient, original = recipient } = route as PlainRoute;
      return [recipient, original];
    }
    if (type !== "AddRcptTo") return [];
    const routes = told(asked).reply?.routes ?? [];
    return [mailbox as string, ...routes.map(({ recipient }) => String(recipient))];
  });
