/**
 * What comes back to rewritten senders.
 * @module
 */
import { accept } from "../../handlers/alias.ts";
import { type Handler, named, on } from "../handler/handler.ts";
import { isRelayingDenied, say } from "../handler/reply.ts";
import { relay } from "../targets/relay.ts";
import type { Config } from "./config.ts";

const REFUSALS = {
  forged: say(5, 5, 0, "this sender was not rewritten here", "5.7.1"),
  expired: say(5, 5, 0, "this rewritten sender is too old", "5.1.6"),
} as const;

/** Sends mail for rewritten senders back to them. */
export function returning({ relay: settings }: Pick<Config, "relay">): readonly Handler[] {
  const srs = settings?.srs;
  if (srs === undefined) return [];
  const back = on("AddRcptTo", async ({ mailbox, parameters }, next, session) => {
    const found = srs.unwrap(mailbox, session.time.getTime());
    if (found === undefined) return await next();
    if (found.fault !== undefined) return REFUSALS[found.fault];
    const sender = found.mailbox;
    const reply = await session.trigger({ type: "AddRcptTo", mailbox: sender, parameters });
    return isRelayingDenied(reply)
      ? accept([{ recipient: sender, target: relay([sender]) }])
      : reply;
  });
  return [named("srs", back)];
}
