/**
 * In what Michelle writes between 8 and 10 in the morning, "no" becomes "yes".
 *
 * @module
 */
import { on, readHeader } from "postmaster";
import { rewriteBody, sentAt } from "postmaster/handlers";

export default on("Deliver", async (event, next, session) => {
  const { header, body } = await readHeader(event.body);
  const from = header.first("From")?.text ?? "";
  const sent = sentAt(header, session.time);
  // CET as clocks show it, in summer too; "+01:00" is CET all year.
  const { hour } = sent.toTemporalInstant().toZonedDateTimeISO("Europe/Berlin");
  const rewritten = from.includes("Michelle") && hour >= 8 && hour < 10;
  return next({ ...event, body: rewritten ? rewriteBody(body, { no: "yes" }) : body });
});
