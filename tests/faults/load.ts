/**
 * Clients that send mail to a server which may die at any moment, and what is delivered.
 * @module
 */
import { Client } from "../../src/testing/client.ts";
import { Random } from "../fuzz/random.ts";
import type { Directory, Settings } from "../running.ts";

/** A server with a queue, whose mailer notes each message that it gets by the hash of its body. */
export const noting = (port: number, more: Settings = {}) => (directory: Directory): Settings => ({
  listen: `127.0.0.1:${port}`,
  mailer: {
    command: [
      ...["sh", "-c", `sed '1,/^\\r*$/d' | tr -d '\\r' | sha256sum >> "$0"`],
      directory.of("delivered"),
    ],
  },
  queue: { concurrency: CONCURRENCY, retry: ["1 s"] },
  ...more,
});

/** Deliveries at once. */
export const CONCURRENCY = 4;

/** Octets of most messages, and of some that the queue keeps in files of their own. */
const [SMALL, LARGE] = [4000, 400_000];

/** The body of a message: its number, and as many lines as its size asks for. */
export function bodyOf(number: number): string {
  const random = new Random(number);
  const size = random.chance(0.1) ? random.between(LARGE / 2, LARGE) : random.below(SMALL);
  const line = `message ${number}: `.padEnd(76, String(random.next()));
  return `${line}\n`.repeat(Math.ceil((size + 1) / 77));
}

/** What the mailer notes of a message. */
export async function noteOf(number: number): Promise<string> {
  const octets = new TextEncoder().encode(bodyOf(number));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();
}

/** What sessions at once have sent. */
export class Load {
  /** The numbers of the messages that got 250. */
  readonly accepted: Set<number> = new Set();
  /** How often a message may have been taken without a reply that says so. */
  unsure = 0;
  /** Replies to messages that were no 250. */
  readonly refused: string[] = [];
  #last = 0;
  #stopped = false;
  readonly #sessions: readonly Promise<void>[];

  /** Sends messages in so many sessions at once, each again until it gets 250. */
  constructor(readonly port: number, sessions: number) {
    this.#sessions = Array.from({ length: sessions }, () => this.#session());
  }

  /** Ends each session after its message. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#sessions);
  }

  async #session(): Promise<void> {
    while (!this.#stopped) {
      const number = ++this.#last;
      while (!await this.#send(number)) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #send(number: number): Promise<boolean> {
    let isSent = false;
    try {
      using client = await Client.connect({
        ...{ transport: "tcp", hostname: "127.0.0.1", port: this.port },
      });
      await client.reply();
      for (const command of ["EHLO client.example.org", MAIL, RCPT, "DATA"]) {
        const { code, lines } = await client.command(command);
        if (code >= 400) return this.#refuse(code, lines);
      }
      isSent = true;
      client.send(`Subject: ${number}\r\n\r\n${bodyOf(number).replaceAll("\n", "\r\n")}.\r\n`);
      const { code, lines } = await client.reply();
      isSent = false;
      if (code !== 250) return this.#refuse(code, lines);
      this.accepted.add(number);
      return true;
    } catch {
      if (isSent) this.unsure++;
      return false;
    }
  }

  #refuse(code: number, lines: readonly string[]): false {
    this.refused.push(`${code} ${lines.join(" ")}`);
    return false;
  }
}

const MAIL = "MAIL FROM:<>";
const RCPT = "RCPT TO:<you@example.net>";

/** How often each message was delivered, by what the mailer has noted. */
export function deliveries(directory: Directory): ReadonlyMap<string, number> {
  const notes = directory.read("delivered").split("\n").map((line) => line.split(" ")[0]!);
  const counts = new Map<string, number>();
  for (const note of notes) if (note !== "") counts.set(note, (counts.get(note) ?? 0) + 1);
  return counts;
}
