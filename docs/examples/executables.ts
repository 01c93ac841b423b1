/**
 * Refuses messages with an executable in them.
 *
 * @module
 */
import { inspect, on, say } from "postmaster";

export default on("Deliver", (event, next, session) =>
  inspect(event, session, async (message) => {
    for await (const { fileNames } of message.parts()) {
      if (fileNames.some((name) => /\.exe$/i.test(name))) {
        return say(5, 5, 4, "we take no executables", "5.7.1");
      }
    }
    return next({ ...event, body: message.body });
  }));
