/**
 * The parameters of MAIL and RCPT that go on to the next server, of those by which a message came.
 * @module
 */
import type { Outcome } from "../handler/outcome.ts";
import type { OriginalRecipient } from "../smtp/dsn.ts";
import { readParameter } from "../smtp/parameter_values.ts";
import { type Parameters, printParameters } from "../smtp/parameters.ts";
import { isAscii } from "../smtp/unicode.ts";
import { encodeUtf8Xtext, encodeXtext } from "../smtp/xtext.ts";
import type { Mail, MailRecipient } from "./mail.ts";
import type { Peer } from "./peer.ts";
import { cannotTake } from "./refusal.ts";
import { spelledInAscii } from "./utf8.ts";

type Server = Pick<Peer, "host" | "extensions">;

/** What the parameters of MAIL depend on, besides those by which the message came. */
export interface Sending {
  /** The octets of the message as it is sent. */
  readonly size: number;
  /** What it is sent as; `undefined` if nothing is said of that. */
  readonly body: "8BITMIME" | "BINARYMIME" | undefined;
  readonly isUtf8: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Why a server cannot take a message at all; `undefined` if it can. */
export function obstacle(
  { parameters, message, accepted }: Mail,
  { host, extensions }: Server,
  now: number,
): Outcome | undefined {
  const most = Number(extensions.get("SIZE")?.trim() || 0); // 0 is no limit (RFC 1870 section 4)
  if (most > 0 && message.size > most) {
    return cannotTake(
      "5.3.4",
      `the message has ${message.size} octets, and ${host} takes ${most}`,
      "size",
    );
  }
  if (parameters.has("REQUIRETLS") && !extensions.has("REQUIRETLS")) {
    return cannotTake("5.7.30", `${host} does not support REQUIRETLS, which the sender wants`);
  }
  const by = readParameter(parameters, "BY");
  if (by?.late !== "return") return undefined;
  // Sections 3 and 4.1 of RFC 2852: the message goes to no server that may return it too late.
  const shortest = Number(extensions.get("DELIVERBY")?.trim() || 0);
  const left = secondsLeft(by.seconds, accepted, now);
  return extensions.has("DELIVERBY") && left >= Math.max(1, shortest) ? undefined : cannotTake(
    "5.3.3",
    `${host} does not promise to return the message in the time that the sender set`,
  );
}

/** The parameters of MAIL, for a server without {@linkcode obstacle}: ` SIZE=4096 BODY=8BITMIME`. */
export function mailParameters(
  { parameters, accepted }: Mail,
  { extensions }: Server,
  { size, body, isUtf8, now }: Sending,
): string {
  const said = new Map<string, string | null>();
  if (extensions.has("SIZE")) said.set("SIZE", `${size}`);
  if (body !== undefined) said.set("BODY", body);
  if (isUtf8) said.set("SMTPUTF8", null);
  if (parameters.has("REQUIRETLS")) said.set("REQUIRETLS", null);
  const handOn = (name: string) => {
    const value = parameters.get(name);
    if (value !== undefined) said.set(name, value);
  };
  if (extensions.has("DSN")) ["RET", "ENVID"].forEach(handOn);
  if (extensions.has("MT-PRIORITY")) handOn("MT-PRIORITY");
  const by = extensions.has("DELIVERBY") ? readParameter(parameters, "BY") : undefined;
  if (by !== undefined) {
    const mode = `${by.late === "return" ? "R" : "N"}${by.trace ? "T" : ""}`;
    said.set("BY", `${secondsLeft(by.seconds, accepted, now)};${mode}`);
  }
  return printParameters(said);
}

/** Nine digits at most (RFC 2852 section 4). */
const secondsLeft = (seconds: number, accepted: number | undefined, now: number): number =>
  Math.max(-999_999_999, seconds - Math.floor((now - (accepted ?? now)) / 1000));

/** The parameters of RCPT: ` NOTIFY=SUCCESS ORCPT=rfc822;joe@example.net`. */
export function rcptParameters(
  { mailbox, original = mailbox, parameters }: MailRecipient,
  { extensions }: Server,
): string {
  if (!extensions.has("DSN")) return "";
  const said = new Map<string, string | null>();
  const notify = parameters.get("NOTIFY");
  if (notify !== undefined) said.set("NOTIFY", notify);
  said.set(
    "ORCPT",
    printOriginal(originalIn(parameters) ?? typed(spelledInAscii(original) ?? `${original}`)),
  );
  return printParameters(said);
}

const originalIn = (parameters: Parameters): OriginalRecipient | undefined =>
  readParameter(parameters, "ORCPT");

const typed = (address: string): OriginalRecipient => ({
  type: isAscii(address) ? "rfc822" : "utf-8",
  address,
});

/** In ASCII in any case, as every server takes it (RFC 6533 section 3). */
const printOriginal = ({ type, address }: OriginalRecipient): string =>
  `${type};${type === "utf-8" ? encodeUtf8Xtext(address) : encodeXtext(address)}`;
