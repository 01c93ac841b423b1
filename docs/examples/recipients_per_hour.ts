/**
 * Lets each sender have 100 recipients an hour. More are deferred until the hour is over.
 *
 * @module
 */
import { isPositive, on, say, variable } from "postmaster";

const accepted = variable("global", "accepted", () => 0, { window: "1 h", persist: true });

export default on("AddRcptTo", async (_event, next, session) => {
  const reply = await next();
  const sender = session.mailFrom?.key;
  if (!isPositive(reply) || sender === undefined || session.depth > 0) return reply;
  const count = await session.tick(accepted.of(sender));
  return count <= 100 ? reply : say(4, 5, 2, "no more than 100 recipients an hour", "4.7.1");
});
