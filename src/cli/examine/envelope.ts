/**
 * The envelope with which a message came, as far as its header tells.
 * @module
 */
import { parseIp } from "../../base/ip.ts";
import type { Header, HeaderField } from "../../message/fields.ts";
import { whyNotPublic } from "../../net/public_address.ts";
import { isDomain, Mailbox } from "../../smtp/mailbox.ts";

/** A part of an envelope, and who says so. */
export interface Told<T> {
  readonly value: T;
  /** `the command line`, `Return-Path`, `Received 2`, or `nobody`. */
  readonly by: string;
}

/** The envelope. What nobody tells is `null`. */
export interface ExaminedEnvelope {
  /** The sender; `null` is the null path. */
  readonly from: Told<string | null>;
  /** The address of the client. */
  readonly ip: Told<string | null>;
  /** The name of the client in HELO. */
  readonly helo: Told<string | null>;
}

/** What the command line says. */
export interface EnvelopeFlags {
  /** The path of the sender; `<>` is the null path. */
  readonly from?: string;
  readonly ip?: string;
  readonly helo?: string;
}

/** Characters of a field that are read. */
const MAX_FIELD = 4096;

/** The envelope, by the command line, or else by the header. */
export function envelopeIn(header: Header, flags: EnvelopeFlags): ExaminedEnvelope {
  const { client, by } = clientIn(header.all("Received"));
  const { from, ip, helo } = flags;
  return {
    from: from === undefined ? senderIn(header) : typed(from.slice(1, -1) || null),
    ip: ip === undefined ? told(client.ip, by) : typed(ip),
    helo: helo === undefined ? told(client.helo, by) : typed(helo),
  };
}

const typed = <T>(value: T): Told<T> => ({ value, by: "the command line" });
const told = (value: string | undefined, by: string): Told<string | null> =>
  value === undefined ? { value: null, by: "nobody" } : { value, by };

function senderIn(header: Header): Told<string | null> {
  const path = header.first("Return-Path")?.raw.slice(0, MAX_FIELD).trim();
  const [, written] = /^<(.*)>$/s.exec(path ?? "") ?? [];
  const by = "Return-Path";
  if (written === "") return { value: null, by };
  const mailbox = Mailbox.tryParse(written ?? path ?? "");
  return told(mailbox && String(mailbox), by);
}

interface Client {
  readonly ip: string | undefined;
  readonly helo: string | undefined;
}

/**
 * The client of the uppermost `Received` that names a public address: those above it are of servers that passed the
 * message on in the same house. Without one, it is that of the uppermost field that names any address.
 */
function clientIn(
  fields: readonly HeaderField[],
): { readonly client: Client; readonly by: string } {
  const clients = fields.map(readReceived);
  const isOutside = ({ ip }: Client) => ip !== undefined && whyNotPublic(ip) === undefined;
  const outside = clients.findIndex(isOutside);
  const at = outside >= 0 ? outside : clients.findIndex(({ ip }) => ip !== undefined);
  return { client: clients[at] ?? { ip: undefined, helo: undefined }, by: `Received ${at + 1}` };
}

/** The client in the words of the usual servers: `from HELO (name [address])`, `from name ([address] helo=HELO)`. */
function readReceived({ raw }: HeaderField): Client {
  const text = raw.slice(0, MAX_FIELD).replace(/\s+/g, " ").trim();
  const [, client] = /^from (.*?)(?: by |;|$)/i.exec(text) ?? [];
  if (client === undefined) return { ip: undefined, helo: undefined };
  const words = client.split(/[\s()[\]]+/);
  const addresses = words.flatMap((word) => parseIp(word.replace(/^IPv6:/i, ""))?.toString() ?? []);
  const [, said] = /\b(?:helo=|[HE][EH]LO )([^\s()]+)/.exec(client) ?? [];
  const helo = said ?? client.split(" ")[0] ?? "";
  const isName = helo !== "unknown" && (isDomain(helo) || helo.startsWith("["));
  return { ip: addresses.at(-1), helo: isName ? helo : undefined };
}
