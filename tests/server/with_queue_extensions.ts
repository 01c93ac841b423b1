/**
 * The real engine at a port, with all extensions, also those that no server offers yet.
 *
 * @module
 */
import { type AddressInfo, createServer } from "node:net";
import { discard, type Event, on } from "postmaster";
import { Extensions } from "../../src/server/extension.ts";
import { extensionsOn } from "../../src/server/extensions.ts";
import { NOT_OFFERED } from "../../src/server/queue_extensions.ts";
import { type Asked, dialogueOf, transportTo } from "../../src/testing/dialogue_of.ts";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { keeping } from "../../src/testing/outbox.ts";

/** Starts one that takes all mail. It tells the events that it has asked. */
export async function withQueueExtensions(): Promise<
  { readonly port: number; readonly asked: Event[] } & Disposable
> {
  const asked: Event[] = [];
  const hold = { longest: 3600, now: Date.now };
  const ground = {
    clock: new FakeClock(),
    extensions: new Extensions([...extensionsOn({ hold, requireTls: true }), ...NOT_OFFERED]),
    targets: keeping([]),
    asked: ({ event }: Asked) => asked.push(event),
  };
  const policy = on("AddRcptTo", () => discard());
  const server = createServer((socket) => {
    const transport = transportTo(
      (replies) => socket.write(replies, "latin1"),
      () => socket.end(),
    );
    const dialogue = dialogueOf(policy, ground, transport);
    socket.on("data", (octets) => dialogue.receive(octets));
    dialogue.start();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return { port, asked, [Symbol.dispose]: () => server.close() };
}
