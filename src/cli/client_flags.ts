/**
 * Flags for a simulated client: who it is, from where, and when.
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { Mailbox, printPath } from "../smtp/mailbox.ts";
import { parseIpFlag } from "./argument.ts";
import type { ServerFlags } from "./run.ts";

/** The client, for the commands that simulate one. */
export interface ClientFlags extends ServerFlags {
  readonly ip: string;
  readonly listener?: string;
  readonly tls?: boolean;
  readonly authUser?: string;
  readonly time?: Date;
  readonly explain?: boolean;
}

/** Adds the flags of {@linkcode ClientFlags}. */
export function withClient(command: Command): Command {
  return command
    .option("--ip <address>", "the client's IPv4 or IPv6 address", parseIpFlag, "192.0.2.1")
    .option(
      "--listener <kind>",
      "the kind or the address of the listener, as in `listen`: submission, *:587 (default: the first)",
    )
    .option("--tls", "the connection is encrypted")
    .option("--auth-user <name>", "the client has proved to be this user", parseUser)
    .option("--time <time>", "when it is: 2026-12-24T18:00 here, ...T17:00Z in UTC", parseTime)
    .option("--explain", "show what each handler did")
    .addOption(new Option("--handlers-as-root", "as for `run`, where it matters").hideHelp());
}

function parseUser(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("Write a name.");
}

/** A time as people write it. */
export function parseTime(text: string): Date {
  for (const read of [instant, zoned, local]) {
    try {
      return new Date(read(text).epochMilliseconds);
    } catch {
      // it is not in this form
    }
  }
  throw new InvalidArgumentError(
    "Write a local time such as 2026-12-24T18:00, or one in UTC such as 2026-12-24T17:00Z.",
  );
}

const instant = (text: string) => Temporal.Instant.from(text);
const zoned = (text: string) => Temporal.ZonedDateTime.from(text);
const local = (text: string) =>
  Temporal.PlainDateTime.from(text).toZonedDateTime(Temporal.Now.timeZoneId());

/** An address with or without angle brackets. */
export function parseAddress(text: string): Mailbox {
  const mailbox = Mailbox.tryParse(text.replace(/^<(.*)>$/, "$1"));
  if (mailbox !== undefined) return mailbox;
  throw new InvalidArgumentError("Write an address such as joe@example.net.");
}

/** The path of a sender, `<joe@example.net>`, or the null path `<>`. */
export const parseSender = (text: string): string =>
  printPath(text === "<>" || text === "" ? null : parseAddress(text));

/** What a client calls itself: one word. */
export function parseHelo(text: string): string {
  if (/^[!-~]+$/.test(text)) return text;
  throw new InvalidArgumentError("Write a name such as client.example.org.");
}
