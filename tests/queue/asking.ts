/**
 * A queue's questions to a chain, without the queue.
 * @module
 */
import { type Handler, Mailbox, pipe, type Route } from "postmaster";
import { Asking } from "../../src/queue/asking.ts";
import type { QueuedMessage, QueuedRecipient } from "../../src/queue/entry.ts";
import { keeping } from "../../src/testing/outbox.ts";
import { sessionOf, type SessionSetup } from "../../src/testing/session_of.ts";

export const TO_PIPE = pipe(["/bin/cat"]);

export const message: QueuedMessage = {
  ...{ id: "Q1", accepted: 0, size: 100, messageId: undefined, priority: 0 },
  ...{ sender: "joe@example.net", parameters: { BODY: "8BITMIME", ENVID: "x" } },
  origin: {
    ...{ session: "S1", hostname: "mx.example.net", peer: "203.0.113.9", port: 4321, user: "joe" },
    listener: { address: "192.0.2.25:587", kind: "submission" },
    helo: { name: "laptop.example.net", extended: true },
    tls: { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
  },
};

export const recipient: QueuedRecipient = {
  ...{ key: 1, message: "Q1", attempts: 2, warned: false, refusal: undefined, copy: false },
  ...{ recipient: "ann@example.org", original: "Ann@example.org", parameters: {} },
  ...{ user: undefined, extension: undefined, target: TO_PIPE, destination: "example.org" },
  ...{ decidedBy: undefined, state: { at: "active" } },
  last: {
    ...{ time: 0, took: 1, plan: undefined },
    outcome: { result: "deferred", status: "4.4.1", reason: "no answer" },
  },
};

export const ROUTE: Route = {
  recipient: Mailbox.parse("ann@example.org"),
  original: Mailbox.parse("Ann@example.org"),
  parameters: new Map([["NOTIFY", "NEVER"]]),
  target: TO_PIPE,
};

/** The questions to a chain, and the lines that were logged. */
export function askingOf(
  policy: Handler,
  setup: SessionSetup & { timeout?: number; relays?: boolean } = {},
) {
  const logged: { event: string; fields: Record<string, unknown> }[] = [];
  const targets = keeping([]);
  const { session } = sessionOf(policy, {
    ...setup,
    ...{ id: "TEST", targets, now: undefined },
    log: (event, fields) => logged.push({ event, fields: { ...fields } }),
  });
  const { context } = session;
  const judge: typeof context.judge = (target) =>
    setup.relays === false && target.target === "relay"
      ? "there is no relay"
      : context.judge(target);
  return {
    asking: new Asking({ context: { ...context, judge }, timeout: setup.timeout ?? 10_000 }),
    logged,
  };
}
