/**
 * Clients that send mail to a server which may die at any moment, and what is delivered.
 * @module
 */
import { Client } from "../../src/testing/client.ts";
import type { WireReply } from "../../src/smtp/reply.ts";
import { Random } from "../fuzz/random.ts";
import type { Directory, Settings } from "../running.ts";

/**
 * A server with a queue, whose mailer defers some messages at random, and notes each that it gets by the hash of its
 * body.
 */
export const noting = (port: number, more: Settings = {}) => (directory: Directory): Settings => ({
  listen: `127.0.0.1:${port}`,
  mailer: {
    command: [
      ...["sh", "-c", `[ $(od -A n -t u1 -N 1 /dev/urandom) -ge 32 ] || exit 75; ${NOTE}`],
      directory.of("delivered"),
    ],
  },
  queue: { concurrency: CONCURRENCY, retry: ["1 s"] },
  ...more,
});

/** Deliveries at once. */
export const CONCURRENCY = 4;

const NOTE = `sed '1,/^\\r*$/d' | tr -d '\\r' | sha256sum >> "$0"`;

/** Octets of messages. */
const [SMALL, LARGE] = [4000, 400_000];

/** Whether the queue keeps a message in a file of its own. */
export const isLarge = (number: number): boolean => number % 10 === 4;

/** The body of a message: its number, and as many lines as its size asks for. */
export function bodyOf(number: number): string {
  const random = new Random(number);
  const size = isLarge(number) ? random.between(LARGE / 4 * 3, LARGE) : random.below(SMALL);
  const line = `message ${number}: `.padEnd(76, String(random.next()));
  return `${line}\n`.repeat(Math.ceil((size + 1) / 77));
}

/** What the mailer notes of a message. */
export const noteOf = (number: number): Promise<string> => hash(encode(bodyOf(number)));

/** What the mailer would note of a message that has further fields in its header. */
export function noteOfMessage(octets: Uint8Array): Promise<string> {
  const text = new TextDecoder().decode(octets).replaceAll("\r", "");
  return hash(encode(text.slice(text.indexOf("\n\n") + 2)));
}

const encode = (text: string) => new TextEncoder().encode(text);
const hash = async (octets: Uint8Array<ArrayBuffer>): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();

/** What sessions at once have sent. */
export class Load {
  /** The numbers of the messages that got 250, with their queue ids. */
  readonly accepted: Map<number, string> = new Map();
  /** How often a message may have been taken without a reply that says so. */
  unsure = 0;
  #last = 0;
  #most: number;
  #stopped = false;
  #sessions: readonly Promise<void>[] = [];

  /**
   * Sends messages in so many sessions at once, each again until it gets 250.
   *
   * @param most so many messages
   */
  constructor(readonly port: number, readonly sessions: number, most = Infinity) {
    this.#most = most;
    this.#start();
  }

  /** Ends each session after its message. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.done();
  }

  /** Waits until all messages are accepted. */
  async done(): Promise<void> {
    await Promise.all(this.#sessions);
  }

  /** Sends so many more, when the others are accepted. */
  more(count: number): Promise<void> {
    this.#most += count;
    this.#start();
    return this.done();
  }

  #start(): void {
    this.#sessions = Array.from({ length: this.sessions }, () => this.#session());
  }

  async #session(): Promise<void> {
    while (!this.#stopped && this.#last < this.#most) {
      const number = ++this.#last;
      while (!await this.#send(number)) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #send(number: number): Promise<boolean> {
    let isSent = false;
    try {
      const { code, lines } = await sendMessage(this.port, number, () => isSent = true);
      if (code === 250) {
        this.accepted.set(number, /queued as (\w+)/.exec(lines.join(" "))?.[1] ?? "");
      }
      return code === 250;
    } catch {
      if (isSent) this.unsure++;
      return false;
    }
  }
}

/**
 * Sends a message and returns the reply to it, or to the first command that was refused.
 *
 * @param sent is called when all of it is on its way
 * @throws {Error} if there is no server
 */
export async function sendMessage(
  port: number,
  number: number,
  sent: () => void = () => {},
): Promise<WireReply> {
  using client = await Client.connect({ transport: "tcp", hostname: "127.0.0.1", port });
  await client.reply();
  for (const command of COMMANDS) {
    const reply = await client.command(command);
    if (reply.code >= 400) return reply;
  }
  client.send(`Subject: ${number}\r\n\r\n${bodyOf(number).replaceAll("\n", "\r\n")}.\r\n`);
  sent();
  return await client.reply();
}

const COMMANDS = ["EHLO client.example.org", "MAIL FROM:<>", "RCPT TO:<you@example.net>", "DATA"];

/** How often each message was delivered, by what the mailer has noted. */
export function deliveries(directory: Directory): ReadonlyMap<string, number> {
  const notes = directory.read("delivered").split("\n").map((line) => line.split(" ")[0]!);
  const counts = new Map<string, number>();
  for (const note of notes) if (note !== "") counts.set(note, (counts.get(note) ?? 0) + 1);
  return counts;
}
