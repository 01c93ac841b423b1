/**
 * Follows a message through the queue of the running server.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { RemoteDesk } from "../../daemon/control_client.ts";
import type { Trace } from "../../queue/store.ts";
import { fault, type Found, ok, unknown, warning } from "./finding.ts";

/** Milliseconds for the first attempt, and between two looks. */
const PATIENCE = 20_000;
const PAUSE = 200;

/**
 * What becomes of a message that the server has accepted.
 *
 * @param messageId the field `Message-ID`, with its angle brackets
 * @param socket the control socket
 */
export async function follow(
  recipient: string,
  messageId: string,
  socket: string,
  signal: AbortSignal,
): Promise<Found> {
  const desk = new RemoteDesk(socket);
  let trace: Trace | undefined;
  for (
    const end = Date.now() + PATIENCE;
    Date.now() < end;
    await pause(PAUSE, undefined, { signal })
  ) {
    [trace] = await desk.trace({ messageId }, 1);
    if (trace?.ended !== undefined) return ended(recipient, trace);
  }
  if (trace === undefined) {
    return unknown(recipient, `the queue knows nothing of the message to ${recipient}`);
  }
  const why = trace.recipients.flatMap(({ last }) => last?.outcome.reason ?? [])[0];
  const what = `the message to ${recipient} waits in the queue: ${why ?? "nothing was tried yet"}`;
  return warning(recipient, what, `\`postmaster trace ${trace.message.id}\``);
}

function ended(recipient: string, { message, ended, recipients }: Trace): Found {
  const bad = recipients.find(({ state }) => state.at === "ended" && state.ending === "failed");
  const took = ((ended! - message.accepted) / 1000).toFixed(1);
  if (bad === undefined) {
    return ok(recipient, `the message to ${recipient} was delivered in ${took} s`);
  }
  const what = `the message to ${recipient} could not be delivered: ${bad.last?.outcome.reason}`;
  return fault(recipient, what, `\`postmaster trace ${message.id}\``);
}
