/**
 * What a fuzzed server is like: what its clients may find out, and the model of its answers must know.
 * @module
 */
import type { ListenerKind } from "../../src/net/address.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/server/limits.ts";
import type { Random } from "./random.ts";

/** A server to fuzz. */
export interface World {
  readonly limits: Limits;
  /** Whether STARTTLS is offered. */
  readonly tls: boolean;
  /** Whether TLS is spoken from the first octet. */
  readonly encrypted: boolean;
  /** Whether AUTH is offered, and whether also in clear text. */
  readonly auth: "no" | "over TLS" | "always";
  /** The client's address, as `Received` has it. */
  readonly peer: string;
  /** Whether the client may name another by XCLIENT, also with its user. */
  readonly xclient: "no" | "yes" | "with login";
  /** The server does not say a word. */
  readonly silent?: boolean;
  /** Whether BINARYMIME is offered. */
  readonly binary: boolean;
  /** `submission` and `submissions` want authentication before mail. */
  readonly kind: ListenerKind;
}

export const HOSTNAME = "mx.example.net";
/** The domain that the server takes mail for. */
export const DOMAIN = "example.net";

/** What becomes of a recipient of {@linkcode DOMAIN}, by its local part. */
export type Recipient =
  /** Its mail is delivered, to itself or to these. */
  | { readonly gets: readonly string[] }
  /** It is accepted, and its delivery fails so. */
  | { readonly ends: "deferred" | "failed" | "broken" }
  /** RCPT is answered so. */
  | { readonly refused: number };

/** The recipients; there are no others. */
export const RECIPIENTS: ReadonlyMap<string, Recipient> = new Map<string, Recipient>([
  ["joe", { gets: ["joe"] }],
  ["ann", { gets: ["ann"] }],
  ["late", { gets: ["late"] }],
  ["both", { gets: ["joe", "ann"] }],
  ["with space", { gets: ["with space"] }],
  ["jürgen", { gets: ["jürgen"] }],
  ["postmaster", { gets: ["postmaster"] }],
  ["defers", { ends: "deferred" }],
  ["fails", { ends: "failed" }],
  ["breaks", { ends: "broken" }],
  ["busy", { refused: 451 }],
  ["throws", { refused: 451 }],
  ["gone", { refused: 551 }],
]);

/** How a message of a sender ends. */
export type Ending =
  /** It is delivered, and its body is read at once or slowly. */
  | "delivered"
  | "read slowly"
  /** It is answered positively and delivered nowhere. */
  | "discarded"
  /** It is refused, before or after its beginning was read. */
  | "refused unread"
  | "refused early"
  /** The handler throws, or never answers. */
  | "broken"
  | "hanging";

/** The answer to MAIL, or how the message ends, by the local part of the sender; all others are `delivered`. */
export const SENDERS: ReadonlyMap<string, Ending | number> = new Map<string, Ending | number>([
  ["slowly", "read slowly"],
  ["discards", "discarded"],
  ["unread", "refused unread"],
  ["partly", "refused early"],
  ["dies", "broken"],
  ["hangs", "hanging"],
  ["banned", 550],
  ["waits", 450],
  ["throws", 451],
]);

/** The users and their passwords. */
export const PASSWORDS: ReadonlyMap<string, string> = new Map([
  ["joe", "sesame"],
  ["ann", "pencil"],
]);

/** Limits that sessions reach. */
const TIGHT: Partial<Limits> = {
  errors: 5,
  recipients: 3,
  refusedRecipients: 3,
  messagesPerConnection: 2,
  messageSize: 2000,
  textLine: 100,
  headerSize: 300,
  received: 2,
};

/** A server to fuzz: some of its limits are tight. */
export function randomWorld(random: Random): World {
  const tight = Object.fromEntries(Object.entries(TIGHT).filter(() => random.chance(0.1)));
  const auth = random.pick(["no", "over TLS", "always"] as const);
  const errors = random.chance(0.5) ? 1000 : DEFAULT_LIMITS.errors;
  return {
    limits: { ...DEFAULT_LIMITS, refusalDelay: 0, errors, ...tight },
    tls: random.chance(0.5),
    auth,
    peer: auth === "always" ? "[127.0.0.1]" : "[192.0.2.1]",
    encrypted: false,
    xclient: random.chance(0.7) ? "no" : random.pick(["yes", "with login"]),
    binary: random.chance(0.3),
    kind: random.chance(0.6) ? "smtp" : random.pick(["submission", "lmtp"]),
  };
}
