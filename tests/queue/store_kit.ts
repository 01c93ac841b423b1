/**
 * Messages and recipients for tests of stores, made short.
 * @module
 */
import type { RefusalKind } from "../../src/handler/outcome.ts";
import type {
  Attempt,
  NewRecipient,
  QueuedMessage,
  RecipientState,
} from "../../src/queue/entry.ts";
import type { Batch, Keys, NewMessage, QueueStore } from "../../src/queue/store.ts";
import type { Message, Outcome } from "../../src/targets/target.ts";

/** When the messages were accepted. */
export const TIME = Date.UTC(2026, 10, 28, 12);

/** A message from `you@example.org`. */
export const message = (id: string, more: Partial<QueuedMessage> = {}): QueuedMessage => ({
  id,
  accepted: TIME,
  sender: "you@example.org",
  parameters: { SIZE: "5", SMTPUTF8: null },
  size: 5,
  messageId: `<${id}@example.org>`,
  priority: 0,
  origin: {
    session: `session of ${id}`,
    hostname: "mx.example.net",
    peer: "192.0.2.1",
    port: 4711,
    listener: { address: "0.0.0.0:25", kind: "smtp" },
    helo: { name: "client.example.org", extended: true },
    user: undefined,
    tls: { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
  },
  ...more,
});

export const waiting = (due = TIME): RecipientState => ({ at: "waiting", due });
export const active: RecipientState = { at: "active" };
export const held = (reason: string): RecipientState => ({ at: "held", reason });
export const ended = (time = TIME): RecipientState => ({ at: "ended", ending: "delivered", time });

/** A recipient by its mailbox; it waits, and is due. */
export const recipient = (mailbox: string, more: Partial<NewRecipient> = {}): NewRecipient => ({
  recipient: mailbox,
  user: undefined,
  extension: undefined,
  original: mailbox,
  parameters: { NOTIFY: "NEVER" },
  target: { target: "pipe", args: { command: ["cat"] } },
  copy: false,
  destination: mailbox.slice(mailbox.indexOf("@") + 1),
  decidedBy: "users",
  state: waiting(),
  ...more,
});

/** An attempt that was deferred for a reason. */
export const attempt = (reason: string, time = TIME, kind?: RefusalKind): Attempt => ({
  time,
  took: 12,
  outcome: { result: "deferred", reason, ...kind && { kind } } as Outcome,
  plan: "cat",
});

/** Octets in pieces, as a client sends them. */
export async function* pieces(text: string, size = 64 * 1024): AsyncIterable<Uint8Array> {
  const octets = new TextEncoder().encode(text);
  for (let at = 0; at < octets.length; at += size) {
    yield await Promise.resolve(octets.subarray(at, at + size));
  }
}

/** The text of a body. */
export async function textOf(body: Pick<Message, "read">): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of body.read()) text += decoder.decode(piece, { stream: true });
  return text;
}

/** A text that is too large for the database. */
export const LARGE = `Subject: large\r\n\r\n${"0123456789abcdef\r\n".repeat(20_000)}`;

/** Keeps a body, ready for a commit. */
export async function entered(
  store: QueueStore,
  message: QueuedMessage,
  recipients: readonly NewRecipient[],
  text = "Hello",
): Promise<NewMessage> {
  return { message, recipients, body: await store.keep(message.id, pieces(text)) };
}

/** Puts a message into a queue, and returns the keys of its recipients. */
export async function put(
  store: QueueStore,
  message: QueuedMessage,
  recipients: readonly NewRecipient[],
  text?: string,
): Promise<Keys> {
  const one = await entered(store, message, recipients, text);
  try {
    return await store.commit({ messages: [one] });
  } finally {
    await one.body.dispose();
  }
}

/** Settles one recipient. */
export const settle = (store: QueueStore, key: number, state: RecipientState, made?: Attempt) =>
  store.commit({ settled: [{ key, state, attempt: made }] } satisfies Batch);
