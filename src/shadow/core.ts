/**
 * The core of a shadow: it takes no mail, and says what the live core has said where that depends on more than the
 * event.
 * @module
 */
import { type Handler, named, onEvery } from "../handler/handler.ts";
import { BROKEN, say } from "../handler/reply.ts";
import type { Session } from "../handler/session.ts";
import { silent } from "../log/event.ts";
import { core } from "../server/core.ts";
import { Extensions } from "../server/extension.ts";
import { extensionsOn } from "../server/extensions.ts";
import type { Limits } from "../server/limits.ts";
import type { Mirrored } from "./mirrored.ts";
import { type Reached, reachedBy } from "./observed.ts";
import { outlined } from "./outline.ts";

/** The reply to a message that the live core did not get. */
const ACCEPTED = say(2, 5, 0, "accepted", "2.0.0");

/** Reads a message to its end, and notes what was made of it. */
async function readInto(mirrored: Mirrored, body: AsyncIterable<Uint8Array>): Promise<void> {
  const note = (message: Reached["message"]) =>
    mirrored.reached = { ...mirrored.reached!, message };
  for await (const _ of outlined(body, note));
}

/** @param find the session in the mirror */
export function coreOf(
  policy: Handler,
  limits: Limits,
  find: (session: Session) => Mirrored | undefined,
): Handler {
  const extensions = new Extensions(extensionsOn({ policy }));
  const acceptance = () => Promise.resolve(BROKEN);
  const usual = core({ acceptance, limits, extensions, log: silent });
  return named(
    "core",
    onEvery(async (event, next, session) => {
      const mirrored = find(session);
      const live = mirrored?.told?.event.type === event.type ? mirrored.told.core : undefined;
      if (mirrored === undefined) return BROKEN;
      if (event.type === "Deliver") {
        mirrored.reached = reachedBy(event);
        if (mirrored.told?.missing !== "all") await readInto(mirrored, event.body);
        else if (event.body !== mirrored.body) mirrored.troubles.add("cut");
        return live ?? ACCEPTED;
      }
      if (live === undefined && event.type === "Authenticate") mirrored.troubles.add("secret");
      return live ?? await usual(event, next, session);
    }),
  );
}
