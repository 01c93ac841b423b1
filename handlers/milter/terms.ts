/**
 * What a server and a milter agree on when they meet: which actions and steps there are, and which macros are wanted.
 * @module
 */
import { Buffer } from "node:buffer";
import { FilterFault } from "../filters/failure.ts";
import {
  ACTION,
  allOf,
  COMMAND,
  type Packet,
  packet,
  readTexts,
  STEP,
  VERSION,
} from "./protocol.ts";

/** The moments at which macros are sent, by the numbers that milters have for them. */
export const MOMENTS = [
  "connect",
  "helo",
  "mail",
  "recipient",
  "data",
  "endOfBody",
  "endOfHeader",
] as const;

/** A moment at which macros are sent. */
export type Moment = typeof MOMENTS[number];

/** What a milter wants. */
export interface Terms {
  /** The version that the milter speaks. */
  readonly version: number;
  /** The flags of {@linkcode ACTION} that it may use. */
  readonly actions: number;
  /** The flags of {@linkcode STEP}. */
  readonly steps: number;
  /** The macros that it wants at these moments; all, where it does not say. */
  readonly macros: ReadonlyMap<Moment, ReadonlySet<string>>;
}

const ACTIONS = allOf(ACTION), STEPS = allOf(STEP);

/** The first packet: all that the server can do. */
export const OFFER: Uint8Array = packet(COMMAND.negotiate, numbers(VERSION, ACTIONS, STEPS));

/** The oldest version that is understood. */
const OLDEST = 2;
/** The versions since which milters know of commands that are unknown, and of DATA. */
const KNOWS_UNKNOWN = 3, KNOWS_DATA = 4;

/**
 * Reads the answer to {@linkcode OFFER}.
 *
 * @throws {FilterFault} if it is none, or wants what was not offered
 */
export function readTerms({ letter, data }: Packet): Terms {
  if (letter !== COMMAND.negotiate || data.length < 12) {
    throw new FilterFault("it does not answer as a milter: does another program listen there?");
  }
  const version = data.readUInt32BE(0);
  const actions = data.readUInt32BE(4);
  let steps = data.readUInt32BE(8);
  if (version < OLDEST || version > VERSION) {
    throw new FilterFault(
      `it speaks version ${version} of the protocol, and not ${OLDEST} to ${VERSION}`,
    );
  }
  const unknown = (actions & ~ACTIONS) | (steps & ~STEPS);
  if (unknown !== 0) {
    throw new FilterFault(`it wants what was not offered: actions ${actions}, steps ${steps}`);
  }
  if (version < KNOWS_UNKNOWN) steps |= STEP.noUnknown;
  if (version < KNOWS_DATA) steps |= STEP.noData;
  return { version, actions, steps, macros: readWanted(data.subarray(12)) };
}

/** A number for the moment, and the names between spaces, one after the other. */
function readWanted(data: Buffer): Map<Moment, ReadonlySet<string>> {
  const wanted = new Map<Moment, ReadonlySet<string>>();
  while (data.length >= 5) {
    const moment = MOMENTS[data.readUInt32BE(0)];
    const end = data.indexOf(0, 4) + 1;
    if (moment === undefined || end === 0) {
      throw new FilterFault("it wants macros at a moment that is unknown");
    }
    const [names = ""] = readTexts(data.subarray(4, end), 1, 1);
    wanted.set(moment, new Set(names.split(/[\s,]+/).filter((name) => name !== "").map(bare)));
    data = data.subarray(end);
  }
  return wanted;
}

/** `{auth_type}` without its braces. */
const bare = (name: string): string => name.replace(/^\{(.*)\}$/, "$1");

function numbers(...all: readonly number[]): Buffer {
  const octets = Buffer.alloc(4 * all.length);
  all.forEach((one, i) => octets.writeUInt32BE(one, 4 * i));
  return octets;
}
