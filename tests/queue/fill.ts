/**
 * Stores with mail in them.
 *
 * @module
 */
import { Memory } from "../../src/message/memory.ts";
import type { NewRecipient, QueuedMessage } from "../../src/queue/entry.ts";
import { SqliteStore } from "../../src/queue/sqlite/sqlite_store.ts";
import type { NewMessage, QueueStore } from "../../src/queue/store.ts";

/** Opens the store in a directory. */
export const openStore = (directory: string): Promise<SqliteStore> =>
  SqliteStore.open({ directory, reserve: 0, memory: new Memory(64 * 1024 * 1024) });

/** Messages of one commit. */
const BATCH = 500;

/**
 * Puts messages `M0`, `M1`, … of one recipient each into a store: from `ann0@example.org` to `joe0@d0.example`, with
 * a hundred senders and a thousand domains, waiting for an hour.
 */
export async function fill(store: QueueStore, count: number): Promise<void> {
  for (let at = 0; at < count; at += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => at + i);
    const messages = await Promise.all(numbers.map((i) => newMessage(store, i)));
    await store.commit({ messages });
    await Promise.all(messages.map(({ body }) => body.dispose()));
  }
}

async function newMessage(store: QueueStore, i: number): Promise<NewMessage> {
  const id = `M${i}`;
  const octets = new TextEncoder().encode(`Subject: message ${i}\r\n\r\nhello\r\n`);
  const message: QueuedMessage = {
    ...{ id, accepted: Date.now() - 60_000, sender: `ann${i % 100}@example.org`, parameters: {} },
    ...{ size: octets.length, messageId: `<${i}@example.org>`, priority: 0 },
    origin: {
      ...{ session: `S${i}`, hostname: "mx.example.net", peer: "192.0.2.1", port: 4711 },
      listener: { address: "127.0.0.1:25", kind: "smtp" },
      helo: { name: "client.example.org", extended: true },
      ...{ user: undefined, tls: undefined },
    },
  };
  const recipient: NewRecipient = {
    recipient: `joe${i}@d${i % 1000}.example`,
    ...{ user: undefined, extension: undefined, original: undefined, parameters: {}, copy: false },
    target: { target: "relay", args: {} },
    destination: `d${i % 1000}.example`,
    decidedBy: "relay",
    state: { at: "waiting", due: Date.now() + 3_600_000 },
  };
  const body = await store.keep(id, octetsOf(octets));
  return { message, recipients: [recipient], body };
}

async function* octetsOf(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(octets);
}
