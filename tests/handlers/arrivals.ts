/**
 * Mail sent to a running server, and what of it arrives in mailboxes.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { parse } from "yaml";
import { userLine } from "../../src/auth/edit.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { Nsd } from "../nsd.ts";
import { type Directory, Running, type Settings, until } from "../running.ts";
import { withUsers } from "../user.ts";

/** The message that is sent unless another is given. */
export const HELLO = "Subject: hello\n\nhello\n";
/** Its sender. */
export const ANN = "ann@example.org";

/** The days of the week around now, wherever that is, and whether the year is a leap year. */
export const TODAY = {
  weekdays: [-1, 0, 1].map((days) =>
    new Date(Date.now() + days * 86_400_000).toUTCString().slice(0, 3).toLowerCase()
  ),
  leapYear: Temporal.Now.plainDateISO("UTC").inLeapYear,
} as const;

/** What Michelle wrote yesterday between 8 and 10 in the morning, by the clocks of Berlin. */
export function michelleSays(word: string): string {
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const date = new Date(`${yesterday}T07:00:00Z`).toUTCString().replace("GMT", "+0000");
  return `From: Michelle <m@example.org>\nDate: ${date}\n\nI say ${word}!\n`;
}

/** A client that sends one message. What is not said has a default. */
export interface Sending {
  /** The address that the client has; the machine must have it. */
  readonly client?: string;
  readonly helo?: string;
  /** The user who has authenticated, at a listener for submission; without it, a stranger connects to another one. */
  readonly user?: string;
  readonly from?: string;
  /** Recipients; joe@example.net, if none is given. */
  readonly to?: string | readonly string[];
  /** The message, with line ends of Unix. */
  readonly text?: string;
  /** The code of the last reply, 250 if none is given: the one after which the client gives up. */
  readonly code?: number;
  /** The client tries until the reply has that code. */
  readonly patient?: boolean;
}

/** A server, what it is sent, and what must arrive. */
export interface Arrival {
  /** The configuration. What it does not say has a default. */
  readonly yaml: string;
  /** Files beside it, which is also what `/etc/postmaster/` is taken for. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the configuration must say on this machine, whatever it says. */
  readonly settings?: Settings;
  /** Zones of the DNS that the server asks. */
  readonly zones?: Readonly<Record<string, string>>;
  /**
   * Names for which accounts of this machine are made, with other names: those are put in their place wherever they
   * are words. Their mailboxes are those of the system.
   */
  readonly accounts?: readonly string[];
  /** The hour of the day at the server. */
  readonly hour?: number;
  readonly sends: readonly Sending[];
  /**
   * The messages in each mailbox, without their trace. A mailbox is that of a user, or the file by the name of the
   * address that mail was sent on to. A sender other than Ann stands before the message in angle brackets.
   */
  readonly arrives: Readonly<Record<string, readonly string[]>>;
}

/** The replies to what was sent, and what arrived: to be compared with what was wanted. */
export interface Arrived {
  readonly codes: readonly number[];
  readonly arrives: Arrival["arrives"];
  /** What the log says of handlers that broke. */
  readonly broke: readonly string[];
}

/** What should come of it. */
export const wanted = ({ sends, arrives }: Arrival): Arrived => ({
  codes: sends.map(({ code = 250 }) => code),
  arrives,
  broke: [],
});

/** Starts the server, sends everything in turn, and looks into the mailboxes. */
export async function arrivalsOf(arrival: Arrival): Promise<Arrived> {
  const { accounts = [] } = arrival;
  if (accounts.length === 0) return await play(arrival, (text) => text);
  const played = Promise.withResolvers<Arrived>();
  await withUsers(accounts, async (prefix) => {
    const names = new RegExp(`\\b(${accounts.join("|")})\\b`, "g");
    const arrived = await play(arrival, (text) => text.replace(names, `${prefix}$1`));
    played.resolve(JSON.parse(JSON.stringify(arrived).replaceAll(prefix, "")));
  });
  return await played.promise;
}

/** Writes a text with the names that the accounts have here. */
type Rename = (text: string) => string;

async function play(arrival: Arrival, rename: Rename): Promise<Arrived> {
  const logins = await loginsOf(arrival.sends);
  await using stack = new AsyncDisposableStack();
  const nsd = arrival.zones && stack.use(await Nsd.start(zonesOf(arrival.zones, rename)));
  const server = stack.use(
    await Running.start((directory) => settingsOf(arrival, directory, rename, nsd, logins), {
      before: arrival.hour === undefined ? "" : `export TZ=${zoneWhere(arrival.hour)}`,
    }),
  );
  const codes: number[] = [];
  for (const sending of arrival.sends) {
    const { patient = false, code = 250 } = sending;
    const send = () => sent(sending, server.addresses, rename);
    const sendUntil = () => until(`${code}`, async () => await send() === code && code);
    codes.push(await (patient ? sendUntil() : send()));
  }
  const { directory, log } = server;
  const accounts = (arrival.accounts ?? []).map((name) => rename(name));
  const mailboxes = [
    ...[...Deno.readDirSync(directory.of(MAIL))].map(({ name }) => directory.of(`${MAIL}/${name}`)),
    ...accounts.map((name) => `/var/mail/${name}`).filter((path) => existsSync(path)),
  ];
  return {
    codes,
    arrives: Object.fromEntries(mailboxes.map((path) => [basename(path), messagesIn(path)])),
    broke: log.filter((line) => line.includes(" handler broke ")),
  };
}

const LISTENER = "127.0.0.1:0", PASSWORD = "correct horse";

/** The file of passwords for the users who send something. */
async function loginsOf(sends: readonly Sending[]): Promise<string> {
  using hashes = new Hashes();
  const users = new Set(sends.flatMap(({ user }) => user ?? []));
  const lines = [...users].map((user) => userLine(user, PASSWORD, hashes));
  return (await Promise.all(lines)).map((line) => `${line}\n`).join("");
}

/** The directory with the mailboxes of those who have no account. */
const MAIL = "mailboxes";

const zonesOf = (zones: Readonly<Record<string, string>>, rename: Rename) =>
  Object.fromEntries(
    Object.entries(zones).map(([name, records]) => [name, `ns A 127.0.0.1\n${rename(records)}`]),
  );

function settingsOf(
  { yaml, files = {}, settings = {} }: Arrival,
  directory: Directory,
  rename: Rename,
  nsd: Nsd | undefined,
  logins: string,
): Settings {
  const here = (text: string) => rename(text).replaceAll("/etc/postmaster/", directory.of("/"));
  for (const [name, text] of Object.entries(files)) directory.write(name, here(text));
  Deno.mkdirSync(directory.of(MAIL));
  const written = parse(here(yaml));
  return {
    users: ["joe", "jane", "joe.smith", "archive"],
    mailer: { command: ["tee", "-a", directory.of(`${MAIL}/{user}`)] },
    ...written,
    listen: logins === "" ? LISTENER : [LISTENER, { address: LISTENER, kind: "submission" }],
    tls: undefined,
    auth: logins === "" ? undefined : {
      passwords: { file: directory.write("passwords", logins) },
      "clear-text": "loopback",
    },
    submission: { ...written.submission, complete: [] }, // what is added differs each time
    relay: { command: ["tee", "-a", directory.of(`${MAIL}/{recipient}`)] },
    dns: nsd && { servers: [nsd.address] },
    ...settings,
  };
}

/** A time zone in which it is that hour now. POSIX counts them to the west. */
function zoneWhere(hour: number): string {
  const east = (hour - new Date().getUTCHours() + 36) % 24 - 12;
  return `Etc/GMT${east > 0 ? "-" : "+"}${Math.abs(east)}`;
}

/** Sends a message and gives the code of the last reply. */
async function sent(
  sending: Sending,
  addresses: readonly string[],
  rename: Rename,
): Promise<number> {
  const { client = "127.0.0.1", helo = "client.example.org", user, from = ANN } = sending;
  const { to = [], text = HELLO } = sending;
  const port = Number(addresses[user === undefined ? 0 : 1]?.split(":").at(-1));
  const login = Buffer.from(`\0${user}\0${PASSWORD}`).toString("base64");
  const socket = connect({ host: "127.0.0.1", port, localAddress: client });
  const replies = repliesOn(socket);
  const say = async (line: string) => {
    socket.write(`${line}\r\n`);
    return (await replies.next()).value ?? 0;
  };
  try {
    let code: number = (await replies.next()).value ?? 0;
    const authenticate = user === undefined ? [] : [`AUTH PLAIN ${login}`];
    for (const line of [`EHLO ${helo}`, ...authenticate, `MAIL FROM:<${rename(from)}>`]) {
      if (code < 300) code = await say(line);
    }
    if (code >= 300) return code;
    const recipients = to.length === 0 ? ["joe@example.net"] : [to].flat();
    const codes: number[] = [];
    for (const one of recipients) codes.push(code = await say(`RCPT TO:<${rename(one)}>`));
    if (code === 421 || !codes.includes(250)) return code;
    if ((code = await say("DATA")) !== 354) return code;
    return await say(`${text.replaceAll("\n", "\r\n")}.`);
  } finally {
    socket.destroy();
  }
}

/** The codes of the replies, as they come. */
async function* repliesOn(socket: Socket): AsyncGenerator<number> {
  for await (const line of createInterface(socket)) {
    if (line[3] !== "-") yield Number(line.slice(0, 3));
  }
}

/** What programs and the server have put on top of a message, in any mailbox. */
const TRACE =
  /^(?:From .*\n)?(?:Return-Path: <(.*)>\n(?:Delivered-To: .*\n)?)?(?:Authentication-Results: .*\n(?:[ \t].*\n)*)?Received: (?:from|by) .*\n(?:[ \t].*\n)*/gm;

function messagesIn(path: string): string[] {
  const mailbox = readFileSync(path, "latin1");
  const [, ...parts] = mailbox.split(TRACE);
  return Array.from({ length: parts.length / 2 }, (_, i) => {
    const [sender = ANN, text = ""] = parts.slice(2 * i, 2 * i + 2);
    // In the mailboxes of the system an empty line ends a message.
    const message = mailbox.startsWith("From ") ? text.replace(/\n$/, "") : text;
    return sender === ANN ? message : `<${sender}> ${message}`;
  });
}
